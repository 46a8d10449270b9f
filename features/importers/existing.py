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
    "anonymous_id",
    "session_id",
    "product_id",
    "quantity",
    "unit_price",
    "currency",
    "discount",
    "recommendation_id",
    "country",
    "utm_source",
    "timestamp",
    "source",
    "revision",
)


@dataclass(frozen=True)
class Existing:
    """products: the catalogue; aliases: `alias`, `product_id`; events: EVENT_COLUMNS of the history,
    `file_end`: the newest order that the same import brought, `beside_goods`: postage and tax of a refund."""

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
        columns |= {"file_end": columns["timestamp"], "beside_goods": pl.Float64()}
        return Existing(pl.DataFrame(schema=product_schema()), aliases, pl.DataFrame(schema=columns))
    bought = pl.when(pl.col("type") == "purchase").then("timestamp")
    file_end = bought.max().over("source", "received_at")
    beside = pl.when(pl.col("type") == "refund").then(history.beside_goods())
    events = history.scan(home).select(*EVENT_COLUMNS, file_end=file_end, beside_goods=beside).collect()
    return Existing(load_products(home), load_aliases(home), events)


def without_claims_of(existing: Existing, lines: pl.DataFrame) -> Existing:
    """The same without browsers' claims of the orders in these lines: the shop's own word replaces them.

    Refunds of an order by its other number, which these lines tell, are under its own.
    """
    bought = (
        lines.filter(pl.col("type") == "purchase").select("order_id", other="refund_id").unique("order_id")
    )
    told = pl.concat([bought["order_id"], bought["other"]]).drop_nulls().unique()
    claimed = pl.col("source").eq_missing(history.CLAIM) & pl.col("order_id").is_in(told.implode())
    others = bought.drop_nulls().unique("other")
    own = pl.col("order_id").replace(others["other"], others["order_id"])
    kept = existing.events.filter(~claimed.fill_null(value=False))
    return replace(existing, events=kept.with_columns(order_id=own))


def already_taken(lines: pl.DataFrame, existing: Existing) -> pl.Series:
    """Boolean per line: its event is in the history already, or the refund of this number of its order.

    Words about orders are told apart before (`order_words`). A refund whose order is not known on either side
    is known by its number alone.
    """
    events = existing.events
    refunds = events.filter(pl.col("type").is_in(["refund", "cancel"]), pl.col("refund_id").is_not_null())
    loose = pl.col("order_id").is_null()
    numbers, pairs = refunds.select(_number().unique()), refunds.select(_pair().drop_nulls().unique())
    loose_numbers = refunds.filter(loose).select(_number().unique())
    known = [each.to_series().implode() for each in (numbers, pairs, loose_numbers)]
    of_number = (loose & _number().is_in(known[0])) | _pair().is_in(known[1]) | _number().is_in(known[2])
    is_back = pl.col("type").is_in(["refund", "cancel"])
    is_event = pl.col("event_id").is_in(events["event_id"].unique().implode())
    back = pl.when(pl.col("revision") > 0).then(pl.lit(value=False)).otherwise(of_number)
    taken = pl.when(is_back).then(back.fill_null(value=False) | is_event).otherwise(is_event)
    return lines.select(taken.fill_null(value=False)).to_series()


def _number() -> pl.Expr:
    return pl.concat_str("type", pl.lit(":"), "refund_id")


def _pair() -> pl.Expr:
    return pl.concat_str("type", pl.lit(":"), "refund_id", pl.lit("\0"), "order_id")
