"""What a home holds already: its products under all their names, and the orders it has taken."""

from dataclasses import dataclass, replace

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
class Existing:
    """products: the catalogue; aliases: `alias`, `product_id`; events: EVENT_COLUMNS of the history."""

    products: pl.DataFrame
    aliases: pl.DataFrame
    events: pl.DataFrame

    @property
    def product_ids(self) -> pl.Series:
        """Every product id in the catalogue or the history, once."""
        sold = self.events["product_id"].drop_nulls()
        return pl.concat([self.products["product_id"], sold]).unique()


def read_existing(home: Home) -> Existing:
    """Read what the home holds. A home that does not exist yet is empty, and is not created."""
    if not home.root.exists():
        columns = {name: dtype for name, dtype in history.schema().items() if name in EVENT_COLUMNS}
        aliases = pl.DataFrame(schema={"alias": pl.String, "product_id": pl.String})
        return Existing(pl.DataFrame(schema=product_schema()), aliases, pl.DataFrame(schema=columns))
    events = history.scan(home).select(EVENT_COLUMNS).collect()
    return Existing(load_products(home), load_aliases(home), events)


def without_claims_of(existing: Existing, lines: pl.DataFrame) -> Existing:
    """The same without browsers' claims of the orders in these lines: the shop's own word replaces them."""
    told = lines.filter(pl.col("type") == "purchase")["order_id"].drop_nulls().unique()
    claimed = pl.col("source").eq_missing(history.CLAIM) & pl.col("order_id").is_in(told.implode())
    return replace(existing, events=existing.events.filter(~claimed.fill_null(value=False)))


def already_taken(existing: Existing) -> pl.Expr:
    """Boolean per line: its order, refund or event is in the history already, from whatever source."""
    event_ids = existing.events["event_id"].unique().implode()
    order_keys = existing.events.select(_order_key().unique()).to_series().implode()
    return pl.col("event_id").is_in(event_ids) | _order_key().is_in(order_keys)


def _order_key() -> pl.Expr:
    """`purchase:<order id>` or `refund:<refund id>`; null for other events."""
    own = pl.when(pl.col("type") == "purchase").then("order_id").otherwise("refund_id")
    return pl.concat_str("type", pl.lit(":"), own)
