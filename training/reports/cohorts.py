"""Customers by the month, product and channel of their first order: who comes back, and what they bring."""

from collections.abc import Iterable
from typing import Any

import polars as pl

from features.insights.report import Column, Part, Plot, Table, column, table
from training.ledger.shop import Shop
from training.ledger.touches import until

MOST_MONTHS = 24
MOST_PRODUCTS = 20
AGES_DAYS = (90, 180, 365)
FINISHED = "Only months that are over."


def cohorts(shop: Shop, currency: str | None) -> Part:
    """Tables by month of the first order (retention, revenue), by first product and by channel."""
    if shop.customers.is_empty():
        return Part(currency)
    return Part(currency, [], [*_by_month(shop), _first_products(shop), _channels(shop)])


def _by_month(shop: Shop) -> list[Table]:
    cells = month_cells(shop)
    ages = range(min(int(cells["age"].max() or 0), MOST_MONTHS) + 1)  # type: ignore[arg-type]
    return [
        _heat(
            cells, ages, "retention", "Who ordered again, by months since the first order", "share", RETENTION
        ),
        _heat(cells, ages, "revenue_cohorts", "Revenue a customer, added up", "money", REVENUE),
    ]


RETENTION = f"Share of a month's new customers who ordered in the n-th month after. {FINISHED}"
REVENUE = f"Revenue so far of a month's new customers, over their number. {FINISHED}"


def month_cells(shop: Shop) -> pl.DataFrame:
    """cohort (YYYY-MM), customers, age (months), retention, revenue_cohorts; of finished months, in order."""
    end = until(shop.as_of)
    current_month = end.year * 12 + end.month  # of the next day, so that a month ending today is over
    month = pl.col("timestamp").dt.year().cast(pl.Int64) * 12 + pl.col("timestamp").dt.month()
    orders = shop.ledger.orders.filter(pl.col("customer").is_not_null()).with_columns(month=month)
    own = orders.with_columns(
        cohort=pl.col("month").min().over("customer"), start=pl.col("timestamp").min().over("customer")
    ).with_columns(age=pl.col("month") - pl.col("cohort"))
    sizes = own.group_by("cohort").agg(pl.col("customer").n_unique().alias("customers"))
    grid = sizes.with_columns(age=pl.int_ranges(0, current_month - pl.col("cohort"))).explode("age")
    returned = own.group_by("cohort", "age").agg(
        pl.col("customer").n_unique().alias("back"), pl.col("revenue").sum()
    )
    cells = grid.drop_nulls("age").join(returned, on=["cohort", "age"], how="left").sort("cohort", "age")
    year, number = (pl.col("cohort") - 1) // 12, (pl.col("cohort") - 1) % 12 + 1
    return cells.select(
        pl.format("{}-{}", year, number.cast(pl.String).str.zfill(2)).alias("cohort"),
        "customers",
        "age",
        retention=pl.col("back").fill_null(0) / pl.col("customers"),
        revenue_cohorts=pl.col("revenue").fill_null(0.0).cum_sum().over("cohort") / pl.col("customers"),
    )


def _heat(cells: pl.DataFrame, ages: Iterable[int], name: str, title: str, unit: Any, text: str) -> Table:
    rows: dict[str, list[Any]] = {}
    kept = list(ages)
    for cohort, customers, age, value in cells.select("cohort", "customers", "age", name).iter_rows():
        row = rows.setdefault(cohort, [cohort, customers, *[None] * len(kept)])
        if age < len(kept):
            row[2 + age] = value
    newest = list(rows.values())[-MOST_MONTHS:]
    columns: list[str | Column] = ["cohort", "customers"]
    columns += (Column(f"m{age}", str(age), unit, text) for age in kept)
    return table(name, title, columns, newest, Plot("heat", "m1"), text)


def _first_products(shop: Shop) -> Table:
    """By the most expensive line of the first order."""
    firsts = shop.ledger.lines.filter(pl.col("number") == 1).sort("revenue", "item", descending=[True, False])
    led = firsts.unique("customer", keep="first", maintain_order=True).select("customer", "item")
    titled = led.join(
        shop.catalogue.select("product_id", "title"), left_on="item", right_on="product_id", how="left"
    )
    groups = titled.select("customer", first_product=pl.coalesce("title", "item"))
    return _groups(shop, groups, "first_product", "By first product", MOST_PRODUCTS)


def _channels(shop: Shop) -> Table:
    return _groups(shop, shop.customers.select("customer", "channel"), "channel", "By channel", None)


def _groups(shop: Shop, groups: pl.DataFrame, name: str, title: str, most: int | None) -> Table:
    """A row for each group of customers: how many, their repeat rate and mean revenue within AGES_DAYS.

    Revenue within so many days counts only customers whose first order is at least as old.
    """
    measured = groups.join(_ages(shop), on="customer")
    figures = [
        pl.len().alias("customers"),
        (pl.col("orders") > 1).mean().alias("repeat_rate"),
        pl.col("revenue").mean().alias("ltv"),
        *(pl.col(f"revenue_{days}d").mean() for days in AGES_DAYS),
    ]
    rows = measured.group_by(name).agg(figures).sort("customers", name, descending=[True, False])
    shown = [name, "customers", "repeat_rate", "ltv", *(f"revenue_{days}d" for days in AGES_DAYS)]
    kept = rows.head(most) if most else rows
    columns: list[str | Column] = [
        column(each, "Within " + column(each).label) if each.endswith("d") else each for each in shown
    ]
    text = f"The {most} most usual. " if most and len(rows) > most else ""
    return table(f"by_{name}", title, columns, kept.select(shown).rows(), Plot("bars", "ltv"), text)


def _ages(shop: Shop) -> pl.DataFrame:
    """customer, orders, revenue, revenue_90d ... (null for customers who are younger)."""
    end = pl.lit(until(shop.as_of))
    firsts = shop.ledger.orders.filter(pl.col("customer").is_not_null()).with_columns(
        start=pl.col("timestamp").min().over("customer")
    )
    within = [
        pl.when(pl.col("start").first() + pl.duration(days=days) <= end)
        .then(pl.col("revenue").filter(pl.col("timestamp") < pl.col("start") + pl.duration(days=days)).sum())
        .alias(f"revenue_{days}d")
        for days in AGES_DAYS
    ]
    return firsts.group_by("customer").agg(pl.len().alias("orders"), pl.col("revenue").sum(), *within)
