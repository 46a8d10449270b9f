"""Rows that repeat an earlier one. Equal lines of one order are units; an order that comes again whole is not."""

from collections import Counter
from collections.abc import Sequence

import polars as pl

from features.importers.table import FileTable


def duplicates(table: FileTable, rows: pl.DataFrame, *, lines_are_units: bool) -> pl.DataFrame:
    """`row` and `first_line` of each row that repeats an earlier one.

    rows: under our names, with `row`. lines_are_units: equal lines of one order, one after the other, are as
    many units; those that come again behind other orders, or all of an order's lines once more, are repeats.
    """
    repeated = table.cells.hash_rows().is_duplicated()
    numbered = table.cells.with_columns(table.lines.alias("\0line")).with_row_index("row").filter(repeated)
    first = pl.col("\0line").first().over(table.cells.columns)
    suspects = numbered.with_columns(first_line=first)
    repeats = suspects.filter(pl.col("\0line") != pl.col("first_line")).select("row", "first_line")
    if not lines_are_units or "order_id" not in rows.columns or repeats.is_empty():
        return repeats
    orders = rows.filter(pl.col("order_id").is_not_null()).select("row", "order_id")
    again = orders.join(repeats, on="row", how="semi")["order_id"].unique()
    theirs = orders.filter(pl.col("order_id").is_in(again.implode())).join(
        suspects.select("row", "first_line"), on="row", how="left", maintain_order="left"
    )
    alone = pl.col("row").cast(pl.Int64) * -1  # a row that no other equals
    parts = theirs.with_columns(pl.col("first_line").cast(pl.Int64).fill_null(alone)).group_by("order_id")
    units = [row for _, part in parts for row in _units(part["row"].to_list(), part["first_line"].to_list())]
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
