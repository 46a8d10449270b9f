"""What a home holds already: its products under all their names, and the orders it has taken."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from features.catalogue.products import load_aliases, load_products
from features.catalogue.products import schema as product_schema
from features.history import events_parquet as history
from features.home import Home

EVENT_COLUMNS = (
    "type",
    "event_id",
    "order_id",
    "refund_id",
    "customer_id",
    "product_id",
    "quantity",
    "unit_price",
    "timestamp",
    "source",
)


@dataclass(frozen=True)
class Known:
    """products: the catalogue; aliases: alias, product_id; events: EVENT_COLUMNS of the history."""

    products: pl.DataFrame
    aliases: pl.DataFrame
    events: pl.DataFrame

    @property
    def product_ids(self) -> pl.Series:
        """Every product id in the catalogue or the history, once."""
        sold = self.events["product_id"].drop_nulls()
        return pl.concat([self.products["product_id"], sold]).unique()


def read_known(home: Home) -> Known:
    """Read what the home knows; nothing is made in a home that does not exist yet."""
    if not home.root.exists():
        columns = {name: dtype for name, dtype in history.schema().items() if name in EVENT_COLUMNS}
        aliases = pl.DataFrame(schema={"alias": pl.String, "product_id": pl.String})
        return Known(pl.DataFrame(schema=product_schema()), aliases, pl.DataFrame(schema=columns))
    events = history.scan(home).select(EVENT_COLUMNS).collect()
    return Known(load_products(home), load_aliases(home), events)


def is_known(known: Known) -> pl.Expr:
    """Boolean of a line: its order, refund or event has been taken before, whoever told us."""
    return pl.col("event_id").is_in(known.events["event_id"].unique().implode()) | _number().is_in(
        known.events.select(_number().unique()).to_series().implode()
    )


def _number() -> pl.Expr:
    """`purchase:` or `refund:` with its own number; null for other events."""
    own = pl.when(pl.col("type") == "purchase").then("order_id").otherwise("refund_id")
    return pl.concat_str("type", pl.lit(":"), own)
