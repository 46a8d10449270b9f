"""Served recommendations as a table, for the history and for experiments."""

from collections.abc import Sequence
from io import BytesIO

import msgspec
import polars as pl

from features.outgoing.impressions import ServedRecord

_TREATED: dict[str, pl.DataType] = {
    "experiment": pl.String(),
    "edition": pl.String(),
    "arm": pl.String(),
    "propensity": pl.Float64(),
    "held_out": pl.Boolean(),
    "holdout": pl.Float64(),
}
SERVED_SCHEMA: dict[str, pl.DataType] = {
    "recommendation_id": pl.String(),
    "at": pl.Datetime("us", "UTC"),
    "placement": pl.String(),
    "product_ids": pl.List(pl.String()),
    "sources": pl.List(pl.String()),
    "customer_id": pl.String(),
    "anonymous_id": pl.String(),
    "session_id": pl.String(),
    "model_version": pl.String(),
    **_TREATED,
    "parameters": pl.String(),
    "degraded": pl.Boolean(),
}
_AS_WRITTEN = {name: kind for name, kind in SERVED_SCHEMA.items() if name not in _TREATED} | {
    "at": pl.String(),
    "treated": pl.Struct(_TREATED),
}


def served_table(records: Sequence[ServedRecord]) -> pl.DataFrame:
    """One row per record, in SERVED_SCHEMA; the fields of `treated` become columns.

    Read from JSON: polars takes five times as long to read Python objects.
    """
    if not records:
        return pl.DataFrame(schema=SERVED_SCHEMA)
    table = pl.read_json(BytesIO(msgspec.json.encode(records)), schema=_AS_WRITTEN).unnest("treated")
    return table.with_columns(
        pl.col("at").str.to_datetime(time_unit="us", time_zone="UTC"),
        pl.col("sources").fill_null([]),
        pl.col("held_out", "degraded").fill_null(False),
        pl.col("holdout").fill_null(0.0),
    ).select(*SERVED_SCHEMA)
