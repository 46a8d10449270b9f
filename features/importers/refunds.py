"""Which order a refund belongs to, and how much of a stated total is new, where the file does not say."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from features.importers.existing import Existing

CENT = 0.01
KEY = ["customer_id", "product_id"]
PurchasesByKey = dict[tuple[str, str], list["RefundablePurchase"]]


@dataclass
class RefundablePurchase:
    """One customer's purchase of one product; left: the quantity that is not refunded."""

    at: datetime
    order_id: str
    left: float


def with_new_sums(lines: pl.DataFrame, existing: Existing) -> pl.DataFrame:
    """Prices of refunds that state `refunded_so_far`, less what the history has refunded: at least 0."""
    so_far = pl.col("refunded_so_far")
    orders = lines.filter(so_far.is_not_null())["order_id"].unique()
    before = _refunded_before(existing.events.filter(pl.col("order_id").is_in(orders.implode())))
    new = so_far - pl.col("before").fill_null(0.0)
    new = pl.when(new >= CENT / 2).then(new).otherwise(0.0)
    joined = lines.join(before, on="order_id", how="left", maintain_order="left")
    return joined.with_columns(
        unit_price=pl.when(so_far.is_not_null()).then(new).otherwise("unit_price")
    ).drop("before")


def _refunded_before(events: pl.DataFrame) -> pl.DataFrame:
    """`order_id` and `before`: money refunded per order; a refund without a price counts what was paid."""
    line = ["order_id", "product_id"]
    paid = events.filter(pl.col("type") == "purchase").group_by(line).agg(paid=pl.col("unit_price").mean())
    refunds = events.filter(pl.col("type") == "refund").join(paid, on=line, how="left")
    money = pl.col("quantity") * pl.coalesce("unit_price", "paid")
    return refunds.group_by("order_id").agg(before=money.sum())


def with_refunded_orders(lines: pl.DataFrame, existing: Existing) -> pl.DataFrame:
    """Fill `order_id` of refunds from this file's purchases and those of the history.

    It is the latest earlier order of the same customer and product of which enough is left to refund,
    else the latest of which anything is left, else null.
    """
    unmatchable = pl.col("order_id").is_not_null() | pl.any_horizontal(pl.col(KEY).is_null())
    refunds = lines.filter(pl.col("type") == "refund", ~unmatchable).sort("timestamp", "row")
    purchases = _purchases_by_key(pl.concat([existing.events, lines], how="diagonal"), refunds)
    order_ids = [
        _refunded_order(purchases[customer, product], at, quantity)
        for customer, product, at, quantity in refunds.select(*KEY, "timestamp", "quantity").iter_rows()
    ]
    matches = refunds.select("row", "type", pl.Series("matched_order", order_ids, dtype=pl.String))
    joined = lines.join(matches, on=["row", "type"], how="left", maintain_order="left")
    return joined.with_columns(order_id=pl.coalesce("order_id", "matched_order")).drop("matched_order")


def _purchases_by_key(events: pl.DataFrame, refunds: pl.DataFrame) -> PurchasesByKey:
    """Purchases of the refunded customers and products, oldest first, less earlier refunds."""
    relevant = events.join(refunds.select(KEY).unique(), on=KEY, how="semi")
    purchase = pl.col("type") == "purchase"
    left = pl.when(purchase).then("quantity").otherwise(-pl.col("quantity")).sum()
    purchases = (
        relevant.filter(purchase | (pl.col("type") == "refund"), pl.col("order_id").is_not_null())
        .group_by(*KEY, "order_id")
        .agg(at=pl.col("timestamp").filter(purchase).min(), left=left)
        .drop_nulls("at")
        .sort("at", "order_id")
    )
    by_key: PurchasesByKey = defaultdict(list)
    for customer, product, order_id, at, quantity in purchases.iter_rows():
        by_key[customer, product].append(RefundablePurchase(at, order_id, quantity))
    return by_key


def _refunded_order(purchases: list[RefundablePurchase], at: datetime, quantity: float) -> str | None:
    earlier = [each for each in reversed(purchases) if each.at <= at and each.left > 0]
    enough = (each for each in earlier if each.left >= quantity)
    chosen = next(enough, earlier[0] if earlier else None)
    if chosen is None:
        return None
    chosen.left -= quantity
    return chosen.order_id
