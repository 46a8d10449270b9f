"""Rows that repeat an earlier one. Equal lines of an order are units, an order that comes again is not."""

from collections import Counter
from collections.abc import Sequence

import polars as pl

from features.importers.table import FileTable


def duplicates(table: FileTable, rows: pl.DataFrame, *, lines_are_units: bool) -> pl.DataFrame:
    """`row` of each row that repeats an earlier one, and that one's place as `first_line`.

    rows: under our names, with `row`. lines_are_units: equal lines of one order, one after the other, are as
    many units; those that come again behind other orders, or all of an order's lines once more, are repeats.
    """
    repeated = table.cells.hash_rows().is_duplicated()
    numbered = table.cells.with_row_index("\0row").filter(repeated)
    first = pl.col("\0row").first().over(table.cells.columns)
    suspects = numbered.select(row="\0row", first=first)
    repeats = suspects.filter(pl.col("row") != pl.col("first"))
    if lines_are_units and "order_id" in rows.columns and not repeats.is_empty():
        repeats = _without_units(repeats, suspects, rows)
    return repeats.select("row", first_line=table.place(repeats["first"]))


def _without_units(repeats: pl.DataFrame, suspects: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """suspects: `row`, and `first` of the rows that equal it."""
    orders = rows.filter(pl.col("order_id").is_not_null()).select("row", "order_id")
    again = orders.join(repeats, on="row", how="semi")["order_id"].unique()
    theirs = orders.filter(pl.col("order_id").is_in(again.implode())).join(
        suspects, on="row", how="left", maintain_order="left"
    )
    parts = theirs.with_columns(pl.col("first").fill_null(pl.col("row"))).group_by("order_id")
    units = [row for _, part in parts for row in _units(part["row"].to_list(), part["first"].to_list())]
    return repeats.filter(~pl.col("row").is_in(pl.Series(units, dtype=pl.UInt32).implode()))


def _units(rows: Sequence[int], content: Sequence[int]) -> list[int]:
    """Those rows of an order that are units of their own. content: equal numbers for equal rows."""
    known: Counter[int] = Counter()
    units = []
    for block in _blocks(rows, content):
        count: Counter[int] = Counter()
        for row, each in block:
            count[each] += 1
            if count[each] > known[each]:
                units.append(row)
        known |= count
    return units


def _blocks(rows: Sequence[int], content: Sequence[int]) -> list[list[tuple[int, int]]]:
    """Runs of neighbouring rows; a run that is one list of different lines several times is several."""
    runs: list[list[tuple[int, int]]] = []
    for row, each in zip(rows, content, strict=True):
        if not runs or row != runs[-1][-1][0] + 1:
            runs.append([])
        runs[-1].append((row, each))
    return [part for run in runs for part in _periods(run)]


def _periods(run: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    content = [each for _, each in run]
    starts = [n for n in range(2, len(run) // 2 + 1) if content[n] == content[0] and len(run) % n == 0]
    for n in starts:
        if len(set(content[:n])) > 1 and content == content[:n] * (len(run) // n):
            return [run[start : start + n] for start in range(0, len(run), n)]
    return [run]
