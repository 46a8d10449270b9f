"""Lines of people who were erased: a file from before does not bring them back."""

import polars as pl

from features.importers.reasons import RejectReason
from features.store.tombstones import Kind, Tombstones

COLUMNS: dict[str, Kind] = {
    "customer_id": "customer",
    "anonymous_id": "browser",
    "session_id": "session",
    "order_id": "order",
}
ERASED = pl.col("reason") == RejectReason.ERASED.value


def with_erased(lines: pl.DataFrame, tombstones: Tombstones) -> pl.DataFrame:
    """The same lines, those of erased people with that reason, whatever else is wrong with them."""
    if not tombstones.digests:
        return lines
    named = {column: _is_erased(lines[column], kind, tombstones) for column, kind in COLUMNS.items()}
    others = pl.any_horizontal(named[column] for column in COLUMNS if column != "customer_id")
    theirs = named["customer_id"] | (pl.col("customer_id").is_null() & others)
    reason = pl.when(theirs).then(pl.lit(RejectReason.ERASED.value)).otherwise("reason")
    return lines.with_columns(reason=reason, detail=pl.when(~theirs).then("detail"))


def _is_erased(ids: pl.Series, kind: Kind, tombstones: Tombstones) -> pl.Expr:
    erased = [name for name in ids.drop_nulls().unique() if tombstones.holds(kind, name)]
    known = pl.Series(erased, dtype=pl.String).implode()
    return pl.col(ids.name).is_in(known).fill_null(value=False)
