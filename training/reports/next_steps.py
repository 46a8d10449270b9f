"""What to do next, by what it is worth: segments to write to, and products that run out for many."""

import numpy as np
import polars as pl

from features.home import Home
from features.insights.report import Part, Plot, Report, Table, table
from recommender.arrays.dtypes import Float64s, Int64s
from recommender.model import versions
from recommender.model.bundle import Bundle
from recommender.model.bundle_files import BadBundle
from recommender.value.reorder_timing import Reorder, due
from recommender.value.segments import SEGMENTS
from training.ledger.shop import Shop
from training.ledger.touches import day_number

TO_WRITE_TO = ("new", "one-time", "promising", "at risk", "about to leave")
AHEAD_DAYS, PAST_DAYS = 14, 7
LEAST_CHANCE = 0.05
FEWEST_CUSTOMERS, MOST_PRODUCTS = 3, 20
BATCH = 1_000_000
REFILLS = (
    f"Customers whose next order of it is expected within {AHEAD_DAYS} days or {PAST_DAYS} days overdue."
)


def next_steps_report(home: Home, shop: Shop) -> Report:
    """In the most usual currency."""
    currency = next(iter(shop.ledger.currencies), None)
    tables = [_segments(shop.of(currency))] if shop.forecast and len(shop.customers) else []
    try:
        bundle = versions.load_current(home.models)
    except BadBundle:
        bundle = None
    if bundle is not None and (people := bundle.tables.people) is not None:
        tables.append(_refills(shop, bundle, people.reorder))
    return Report("next_steps", "What to do next", shop.as_of.isoformat(), [Part(currency, [], tables)])


def _segments(shop: Shop) -> Table:
    """Those whom a message can move, by the revenue expected of them."""
    advice = {each.name: each.advice for each in SEGMENTS}
    sums = (
        shop.customers.filter(pl.col("segment").is_in(TO_WRITE_TO))
        .group_by("segment")
        .agg(pl.len().alias("customers"), pl.col("predicted_365d").sum())
    )
    rows = sums.sort("predicted_365d", descending=True).rows()
    columns = ("segment", "customers", "predicted_365d", "advice")
    shown = [(*row, advice[row[0]]) for row in rows]
    return table("segments", "Whom to write to", columns, shown, Plot("bars", "predicted_365d"))


def _refills(shop: Shop, bundle: Bundle, reorder: Reorder) -> Table:
    products = bundle.tables.products
    customers, orders = due_by_product(reorder, len(products), day_number(shop.as_of))
    prices = dict(shop.catalogue.select("product_id", "price").iter_rows())
    titles = dict(shop.catalogue.select("product_id", pl.coalesce("title", "product_id")).iter_rows())
    rows = []
    for item in np.flatnonzero(customers >= FEWEST_CUSTOMERS).tolist():
        name = products.name(item)
        expected = float(orders[item])
        rows.append(
            (titles.get(name, name), int(customers[item]), expected, expected * (prices.get(name) or 0.0))
        )
    best = sorted(rows, key=lambda row: (-row[3], row[0]))[:MOST_PRODUCTS]
    columns = ("product", "due_customers", "due_orders", "due_revenue")
    return table("refills", "What runs out for many", columns, best, Plot("bars", "due_revenue"), REFILLS)


def due_by_product(reorder: Reorder, n: int, today: int) -> tuple[Int64s, Float64s]:
    """(n) each, by product: customers whose next purchase lies about now, and the sum of their chances."""
    customers, orders = np.zeros(n, np.int64), np.zeros(n)
    for start in range(0, len(reorder.item), BATCH):
        habits = reorder.habits.where(slice(start, start + BATCH))
        expected = due(reorder, habits, today)
        near = (expected.day >= today - PAST_DAYS) & (expected.day <= today + AHEAD_DAYS)
        near &= expected.chance >= LEAST_CHANCE
        customers += np.bincount(habits.item[near], minlength=n)
        orders += np.bincount(habits.item[near], expected.chance[near], minlength=n)
    return customers, orders
