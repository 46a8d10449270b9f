"""Which order a refund belongs to, and how much of a stated total is new, where the file does not say."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from features.importers.existing import Existing

CENT = 0.01
KEY = ["customer_id", "product_id"]
LINE = ["order_id", "product_id"]
PurchasesByKey = dict[tuple[str, str], list["RefundablePurchase"]]


@dataclass
class RefundablePurchase:
    """One customer's purchase of one product; left: the quantity that is not refunded."""

    at: datetime
    order_id: str
    left: float


def less_refunded_elsewhere(lines: pl.DataFrame, existing: Existing) -> pl.DataFrame:
    """Refunds of orders whose file states all that went back, less those that are known under other numbers.

    Pieces that came back are not sent back twice; money is what is left of the stated sum: nothing where
    those refunds are worth as much with their postage and tax. An order that went back whole stays so.
    """
    stated = lines.filter(pl.col("type") == "refund", pl.col("refunded_so_far").is_not_null())
    others = existing.events.filter(
        pl.col("type") == "refund",
        pl.col("order_id").is_in(stated["order_id"].unique().implode()),
        pl.col("refund_id") != pl.col("order_id"),
    )
    if others.is_empty():
        return lines
    prices = existing.events.filter(pl.col("type") == "purchase").join(others, on=LINE, how="semi")
    paid = prices.group_by(LINE).agg(paid=pl.col("unit_price").mean())
    priced = others.join(paid, on=LINE, how="left")
    money = (pl.col("quantity") * pl.coalesce("unit_price", "paid")).sum()
    before = priced.group_by("order_id").agg(before=money, in_all=money + pl.col("beside_goods").sum())
    pieces = (
        others.filter(pl.col("product_id").is_not_null()).group_by(LINE).agg(back=pl.col("quantity").sum())
    )
    is_stated = (pl.col("type") == "refund") & pl.col("refunded_so_far").is_not_null()
    part = pl.col("refunded_so_far") < pl.col("paid_in_all") - CENT / 2
    joined = (
        lines.join(before, on="order_id", how="left", maintain_order="left")
        .join(pieces, on=LINE, how="left", maintain_order="left")
        .join(_paid_in_all(lines), on="order_id", how="left", maintain_order="left")
        .with_columns(theirs=is_stated & pl.col("before").is_not_null() & part.fill_null(value=False))
    )
    left = (pl.col("quantity") - pl.col("back").fill_null(0.0)).clip(0)
    fewer = joined.with_columns(
        quantity=pl.when("theirs", pl.col("product_id").is_not_null()).then(left).otherwise("quantity")
    )
    rest = pl.col("refunded_so_far") - pl.col("before") - _pieces_money()
    rest = pl.when(pl.col("refunded_so_far") > pl.col("in_all") + CENT / 2).then(rest).otherwise(0.0)
    sums = pl.when("theirs", pl.col("product_id").is_null()).then(rest.clip(0)).otherwise("unit_price")
    return (
        fewer.with_columns(unit_price=sums)
        .filter(~pl.col("theirs") | ((pl.col("quantity") > 0) & (pl.col("unit_price") > CENT / 2)))
        .select(lines.columns)
    )


def _pieces_money() -> pl.Expr:
    pieces = pl.col("theirs") & pl.col("product_id").is_not_null()
    return (
        pl.when(pieces).then(pl.col("quantity") * pl.col("unit_price")).otherwise(0.0).sum().over("order_id")
    )


def _paid_in_all(lines: pl.DataFrame) -> pl.DataFrame:
    """`order_id` and `paid_in_all` of the orders of these lines: goods less discounts."""
    goods = (pl.col("quantity") * pl.col("unit_price")).sum() - pl.col("discount").sum()
    return lines.filter(pl.col("type") == "purchase").group_by("order_id").agg(paid_in_all=goods)


def with_refunded_orders(lines: pl.DataFrame, existing: Existing) -> pl.DataFrame:
    """Fill `order_id` of refunds from this file's purchases and those of the history.

    It is the latest earlier order of the same customer and product of which enough is left to refund,
    else the latest of which anything is left, else null.
    """
    unmatchable = pl.col("order_id").is_not_null() | pl.any_horizontal(pl.col(KEY).is_null())
    told = lines.select(*KEY, "type", "order_id", "timestamp", "quantity")
    places = told.with_columns(lines["row"]).with_row_index("place")
    refunds = places.filter(pl.col("type") == "refund", ~unmatchable).sort("timestamp", "row")
    if refunds.is_empty():
        return lines
    purchases = _purchases_by_key(pl.concat([existing.events.select(told.columns), told]), refunds)
    order_ids = [
        _refunded_order(purchases[customer, product], at, quantity)
        for customer, product, at, quantity in refunds.select(*KEY, "timestamp", "quantity").iter_rows()
    ]
    matched = pl.Series(order_ids, dtype=pl.String)
    return lines.with_columns(lines["order_id"].clone().scatter(refunds["place"], matched))


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
