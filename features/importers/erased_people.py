"""Lines of people who were erased: a file from before does not bring them back."""

import polars as pl

from features.importers.people import NAMES
from features.importers.reasons import RejectReason
from features.store.tombstones import Kind, Tombstones

COLUMNS: dict[str, Kind] = {
    "customer_id": "customer",
    **dict.fromkeys(NAMES, "customer"),
    "anonymous_id": "browser",
    "session_id": "session",
    "order_id": "order",
}
ERASED = pl.col("reason") == RejectReason.ERASED.value


def with_erased(lines: pl.DataFrame, tombstones: Tombstones) -> pl.DataFrame:
    """The same lines, those of erased people with that reason, whatever else is wrong with them. lines: as
    `people.with_names` has them."""
    if not tombstones.digests:
        return lines
    named = {column: _is_erased(lines[column], kind, tombstones) for column, kind in COLUMNS.items()}
    by_name = pl.any_horizontal(named[column] for column in ("customer_id", *NAMES))
    others = pl.any_horizontal(named[column] for column in COLUMNS if column not in {"customer_id", *NAMES})
    theirs = by_name | (pl.col("customer_id").is_null() & others)
    reason = pl.when(theirs).then(pl.lit(RejectReason.ERASED.value)).otherwise("reason")
    return lines.with_columns(reason=reason, detail=pl.when(~theirs).then("detail"))


def _is_erased(ids: pl.Series, kind: Kind, tombstones: Tombstones) -> pl.Expr:
    erased = [name for name in ids.drop_nulls().unique() if tombstones.holds(kind, name)]
    known = pl.Series(erased, dtype=pl.String).implode()
    return pl.col(ids.name).is_in(known).fill_null(value=False)
