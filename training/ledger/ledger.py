"""Orders as of a day: net of discounts, refunds and cancellations, each with its customer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import polars as pl

from features.catalogue.products import load_products
from features.home import Home
from training.data.refunds import net_of_refunds
from training.data.sign_ins import linked
from training.ledger.touches import Archive, read_archive

LINE_FIELDS = ("order", "customer", "item", "timestamp", "currency", "quantity", "price", "revenue", "number")
GOODS_COLUMNS = ("type", "timestamp", "customer", "browser", "item", "order", "quantity", "unit_price")
AMOUNT = pl.col("quantity") * pl.col("price")


@dataclass(frozen=True)
class Ledger:
    """Orders, refunds and products as known at the end of `as_of`. Money is in each order's currency.

    orders: order, customer (null: a guest), timestamp, currency, revenue, products (how many different ones),
    discounted, coupon, given (money of the discounts), number (1: the customer's first order), costed and
    margin (revenue of lines whose cost is known, and what is left of it). lines: LINE_FIELDS; price is of a
    unit before the order's discount. gross: currency, day, gross (of everything ordered, before refunds and
    cancellations). unpriced: lines without a price of their own. assumed: orders without a currency, which
    are counted in the most usual one.
    """

    as_of: date
    orders: pl.DataFrame
    lines: pl.DataFrame
    gross: pl.DataFrame
    unpriced: int
    assumed: int

    def of(self, currency: str | None) -> Ledger:
        """The orders of one currency; `number` still counts a customer's orders of all currencies."""
        own = pl.col("currency").eq_missing(pl.lit(currency))
        return replace(
            self, orders=self.orders.filter(own), lines=self.lines.filter(own), gross=self.gross.filter(own)
        )

    @property
    def currencies(self) -> list[str | None]:
        """Most orders first."""
        counts = self.orders.group_by("currency").len().sort("len", "currency", descending=[True, False])
        return counts["currency"].to_list()

    @cached_property
    def customers(self) -> pl.DataFrame:
        """customer, orders, revenue, first and last (timestamps), discounted (share of orders), currency.

        Currency is that of most of a customer's orders, and revenue counts the orders in it alone.
        """
        owned = self.orders.filter(pl.col("customer").is_not_null())
        usual = pl.col("currency").drop_nulls().mode().sort().first()
        return (
            owned.with_columns(usual=usual.over("customer"))
            .group_by("customer")
            .agg(
                pl.len().cast(pl.Int64).alias("orders"),
                pl.col("revenue").filter(pl.col("currency").eq_missing(pl.col("usual"))).sum(),
                pl.col("timestamp").min().alias("first"),
                pl.col("timestamp").max().alias("last"),
                pl.col("discounted").mean(),
                pl.col("usual").first().alias("currency"),
            )
            .sort("customer")
        )


def load_ledger(home: Home, as_of: date) -> Ledger:
    """The ledger of all events up to the end of a day."""
    return ledger_of(read_archive(home, as_of), load_products(home), as_of)


def ledger_of(archive: Archive, catalogue: pl.DataFrame, as_of: date, *, with_lines: bool = True) -> Ledger:
    """archive: up to the end of that day. Without lines, gross is empty too, for a third of the memory."""
    log = archive.sales
    goods = log.select(GOODS_COLUMNS).join(
        catalogue.filter(~pl.col("is_product")), left_on="item", right_on="product_id", how="anti"
    )
    priced = goods.with_columns(price=pl.coalesce("unit_price", _usual_price()))
    heads, assumed = _heads(log, priced)
    bought = priced.filter(pl.col("type") == "purchase", pl.col("item").is_not_null())
    ordered = (bought if with_lines else bought.clear()).select("order", "timestamp", amount=AMOUNT)
    ordered = ordered.join(heads, on="order", how="left")
    gross = ordered.group_by("currency", day=pl.col("timestamp").dt.date()).agg(
        (pl.col("amount") * (1 - pl.col("off"))).sum().alias("gross")
    )
    unpriced, prices = bought["unit_price"].null_count(), _prices(priced)
    del priced, bought, ordered  # each is as long as all order lines: make room for the next ones
    lines = (
        net_of_refunds(linked(goods), heads.select("order", "off"))
        .join(prices, on="item", how="left")
        .with_columns(price=pl.coalesce("unit_price", "price").fill_null(0.0))
        .join(heads.select("order", "off"), on="order", how="left")
        .join(catalogue.select(item="product_id", cost="cost"), on="item", how="left")
        .with_columns(revenue=AMOUNT * (1 - pl.col("off")) * pl.col("left"))
        .drop("left")
    )
    orders = _orders(lines, heads)
    lines = (lines if with_lines else lines.clear()).drop("off", "cost")
    lines = lines.join(orders.select("order", "currency", "number"), on="order")
    return Ledger(as_of, orders, lines.select(LINE_FIELDS), gross, unpriced, assumed)


def _usual_price() -> pl.Expr:
    return pl.col("unit_price").filter(pl.col("type") == "purchase").mean().over("item")


def _prices(priced: pl.DataFrame) -> pl.DataFrame:
    return priced.filter(pl.col("item").is_not_null()).group_by("item").agg(pl.col("price").mean())


def _heads(log: pl.DataFrame, priced: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """(order, currency, off, discounted, coupon; orders without a currency). off: share of the discount."""
    bought = pl.col("type") == "purchase"
    heads = (
        log.select("type", "order", "currency", "discount", "coupon")
        .filter(bought)
        .group_by("order")
        .agg(
            pl.col("currency").first(ignore_nulls=True).cast(pl.String),
            pl.col("discount").sum(),
            pl.col("coupon").first(ignore_nulls=True).cast(pl.String),
            ((pl.col("coupon").count() > 0) | (pl.col("discount") > 0).any()).alias("discounted"),
        )
    )
    goods = priced.filter(bought).group_by("order").agg(AMOUNT.sum().alias("goods"))
    modes = heads["currency"].drop_nulls().mode().sort()
    usual = modes[0] if modes.len() else None
    off = (pl.col("discount") / pl.col("goods")).fill_nan(0.0).fill_null(0.0).clip(0.0, 1.0)
    joined = heads.join(goods, on="order", how="left").with_columns(off=off)
    filled = joined.with_columns(pl.col("currency").fill_null(pl.lit(usual, pl.String)))
    filled = filled.select("order", "currency", "off", "coupon", pl.col("discounted").fill_null(value=False))
    return filled, heads["currency"].null_count() if usual else 0


def _orders(lines: pl.DataFrame, heads: pl.DataFrame) -> pl.DataFrame:
    costed = pl.col("cost").is_not_null()
    orders = lines.group_by("order").agg(
        pl.col("customer").max(),
        pl.col("timestamp").min(),
        pl.col("revenue").sum(),
        (AMOUNT * pl.col("off")).sum().alias("given"),
        pl.len().alias("products"),
        pl.col("revenue").filter(costed).sum().alias("costed"),
        (pl.col("revenue") - pl.col("quantity") * pl.col("cost")).filter(costed).sum().alias("margin"),
    )
    head = heads.select("order", "currency", "discounted", "coupon")
    return (
        orders.join(head, on="order", how="left")
        .sort("timestamp", "order")
        .with_columns(
            number=pl.when(pl.col("customer").is_not_null()).then(
                pl.int_range(1, pl.len() + 1).over("customer")
            )
        )
    )
