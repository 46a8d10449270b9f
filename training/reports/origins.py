"""Where customers come from, and what they told of themselves."""

from __future__ import annotations

from datetime import date

import polars as pl

from features.history import scan
from features.home import Home
from training.history import linked
from training.reports.ledger import Ledger, until

DIRECT = "direct"
NEWEST = ("country", "language", "consent")


def channels(home: Home, ledger: Ledger) -> pl.DataFrame:
    """customer, channel: the source of the first visit or order that told one, up to the first order."""
    told = _touches(home, ledger.as_of)
    first = ledger.customers.select("customer", "first")
    sourced = (
        told.join(first, on="customer")
        .filter(pl.col("timestamp") <= pl.col("first"))
        .sort("timestamp", "channel")
        .group_by("customer")
        .agg(pl.col("channel").first())
    )
    return (
        first.select("customer")
        .join(sourced, on="customer", how="left")
        .with_columns(pl.col("channel").fill_null(DIRECT))
    )


def _touches(home: Home, as_of: date) -> pl.DataFrame:
    """customer, timestamp, channel of each customer's and browser's first sourced event."""
    medium = pl.col("extra").str.json_path_match("$.utm_medium")
    with_medium = pl.concat_str(pl.col("utm_source"), medium, separator=" / ")
    seen = scan(home).filter(pl.col("timestamp") < until(as_of))
    sourced = (
        seen.filter(pl.col("utm_source").str.strip_chars() != "")
        .with_columns(channel=pl.coalesce(with_medium, "utm_source").str.strip_chars())
        .group_by("customer_id", "anonymous_id")
        .agg(pl.col("timestamp").min(), pl.col("channel").sort_by("timestamp").first())
        .with_columns(type=pl.lit("touch"))
    )
    signed = seen.filter(pl.col("type") == "identify").with_columns(channel=pl.lit(None, pl.String))
    columns = ["type", "timestamp", "channel", "customer_id", "anonymous_id"]
    log = pl.concat([sourced.select(columns), signed.select(columns)]).collect()
    owned = linked(log.rename({"customer_id": "customer", "anonymous_id": "browser"}))
    return owned.filter(pl.col("type") == "touch", pl.col("customer").is_not_null()).select(
        "customer", "timestamp", "channel"
    )


def told(home: Home, as_of: date) -> pl.DataFrame:
    """customer, country, language, consent (to e-mail; "true" or "false"): the newest word on each."""
    extra = pl.col("extra")
    consent = pl.when(pl.col("type") == "consent").then(extra.str.json_path_match("$.properties.email"))
    return (
        scan(home)
        .filter(pl.col("customer_id").is_not_null(), pl.col("timestamp") < until(as_of))
        .select(
            "timestamp",
            "country",
            customer="customer_id",
            language=extra.str.json_path_match("$.language"),
            consent=consent,
        )
        .sort("timestamp")
        .group_by("customer")
        .agg(pl.col(name).drop_nulls().last() for name in NEWEST)
        .collect()
    )
