"""Lines at the end of a table that sum up the others."""

from collections.abc import Sequence

import polars as pl

from features.importers.reasons import RejectReason
from features.importers.table import FileTable

LAST_ROWS = 20
LABEL = (
    r"(?i)^\W*(?:(?:grand|sub|overall)[ -]?)?"
    r"(?:totals?|totale[ns]?|totaux|totaal|sum|summen?|gesamt(?:summe|betrag|wert)?|zwischensumme|insgesamt"
    r"|endsumme|somme|suma|soma|somma|summa|razem|ogółem|łącznie|celkem|spolu|összesen|toplam|yhteensä|i alt)"
    r"(?: général| generale| general| geral)?\W*(?:\(.*\)|\d[\d.,' ]*\W*(?:[a-z]{3})?)?$"
)


def totals(table: FileTable, rows: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """`row` and `reason` of each row near the end that is labelled as a total, and has none of the `keys`.

    rows: under our names, with `row`. keys: our names that any true row has; a label may stand there.
    """
    last = table.cells.with_row_index("row").tail(LAST_ROWS)
    labelled = last.filter(pl.any_horizontal(pl.col(table.cells.columns).str.contains(LABEL)))["row"]
    named = rows.filter(pl.col("row").is_in(labelled.implode()))
    unkeyed = [pl.col(key).is_null() | pl.col(key).str.contains(LABEL) for key in keys if key in rows.columns]
    return named.filter(pl.all_horizontal(unkeyed)).select("row", reason=pl.lit(RejectReason.TOTALS.value))
