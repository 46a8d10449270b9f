"""What customers like: categories, brands, price bands, and whether they wait for discounts."""

import polars as pl

from features.insights.report import Part, Plot, Table, table
from training.data.products import price_bands
from training.ledger.shop import Shop
from training.ledger.sums import over, total

MOST_VALUES = 20
DISCOUNT_BANDS = (
    (0.0, "never"),
    (0.34, "up to a third of orders"),
    (0.67, "up to two thirds"),
    (1.0, "more"),
)
UNKNOWN_LABEL = "not known"
GROUP_FIELDS = ("customers", "orders", "revenue", "revenue_share", "repeat_rate")


def affinities(shop: Shop, currency: str | None) -> Part:
    """Tables of orders by category, brand and price band, and of customers by their use of discounts."""
    if shop.ledger.lines.is_empty():
        return Part(currency)
    goods = shop.catalogue.select("product_id", "category", "brand", price_band=price_bands(shop.catalogue))
    lines = shop.ledger.lines.join(goods, left_on="item", right_on="product_id", how="left")
    titles = {"category": "Categories", "brand": "Brands", "price_band": "Price bands"}
    tables = [_by(lines, name, title) for name, title in titles.items()]
    return Part(currency, [], [*tables, _discounts(shop)] if len(shop.customers) else tables)


def _by(lines: pl.DataFrame, name: str, title: str) -> Table:
    """repeat_rate: customers who ordered from it twice."""
    each = lines.with_columns(pl.col(name).fill_null(UNKNOWN_LABEL))
    twice = (
        each.filter(pl.col("customer").is_not_null())
        .group_by(name, "customer")
        .agg(pl.col("order").n_unique())
        .group_by(name)
        .agg((pl.col("order") > 1).mean().alias("repeat_rate"))
    )
    sums = each.group_by(name).agg(
        pl.col("customer").drop_nulls().n_unique().alias("customers"),
        pl.col("order").n_unique().alias("orders"),
        pl.col("revenue").sum(),
    )
    shared = sums.with_columns(revenue_share=pl.col("revenue") / pl.col("revenue").sum())
    rows = shared.join(twice, on=name, how="left").sort("revenue", name, descending=[True, False])
    shown = rows.head(MOST_VALUES).select(name, *GROUP_FIELDS).rows()
    text = "Repeat rate: customers who ordered from it twice or more, over its customers."
    return table(f"by_{name}", title, [name, *GROUP_FIELDS], shown, Plot("bars", "revenue"), text)


def _discounts(shop: Shop) -> Table:
    rows, customers, below = [], shop.customers, -1.0
    for most, name in DISCOUNT_BANDS:
        band = customers.filter(pl.col("discounted") > below, pl.col("discounted") <= most)
        repeats = (band["orders"] > 1).mean()
        revenue = total(band["revenue"])
        rows.append(
            [
                name,
                len(band),
                band["orders"].sum(),
                revenue,
                over(revenue, total(customers["revenue"])),
                repeats,
            ]
        )
        below = most
    return table("by_discount", "Discounts", ["discount_use", *GROUP_FIELDS], rows, Plot("bars", "customers"))
