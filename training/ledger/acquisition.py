"""Where customers come from."""

import polars as pl

from training.data.history import linked
from training.ledger.ledger import Ledger
from training.ledger.touches import Archive

DIRECT = "direct"


def channels(archive: Archive, ledger: Ledger) -> pl.DataFrame:
    """customer, channel: the first source named by a visit or order, up to the first order."""
    owned = linked(archive.touches).filter(pl.col("type") == "touch", pl.col("customer").is_not_null())
    first = ledger.customers.select("customer", "first")
    sourced = (
        owned.join(first, on="customer")
        .filter(pl.col("timestamp") <= pl.col("first"))
        .sort("timestamp", "channel")
        .group_by("customer")
        .agg(pl.col("channel").first())
    )
    everyone = first.select("customer").join(sourced, on="customer", how="left")
    return everyone.with_columns(pl.col("channel").fill_null(DIRECT))
