"""Labels of products by which a shop divides its advertising money: what each earns, for whom, how lastingly.

Classes by share of the total are those of ABC analysis (Dickie 1951). Pure.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from recommender.arrays.dtypes import Float64s
from recommender.model.availability import Availability
from recommender.model.bundle import Tables

HIGH_MARGIN, LOW_MARGIN = 0.5, 0.25  # share of the price
FIRST_CLASS, SECOND_CLASS = 0.5, 0.8  # share of the profit of all products, the best first
FEWEST_BUYERS = 3  # whose worth says something of a product
MORE_WORTH, LESS_WORTH = 1.5, 0.67  # than a customer of the shop
OFTEN, SOMETIMES = 0.3, 0.1  # share of the buyers who buy it again
NEW_DAYS = 30
RISING, FALLING = 1.3, 0.7  # visits lately over those expected

NAMES: Sequence[Sequence[str]] = (
    ("margin_high", "margin_middle", "margin_low", "margin_negative", "margin_unknown"),
    ("profit_a", "profit_b", "profit_c", "profit_none"),
    ("buyers_best", "buyers_usual", "buyers_small", "buyers_few"),
    ("repeat_often", "repeat_sometimes", "repeat_rare"),
    ("new", "rising", "steady", "falling"),
)
"""Of `custom_label_0` to `custom_label_4`."""


class ProductLabels(NamedTuple):
    """(n_items) uint8 each: positions in the five rows of NAMES."""

    columns: tuple[np.ndarray[tuple[int], np.dtype[np.uint8]], ...]

    def of(self, item: int) -> list[str]:
        """The five labels of a product."""
        return [names[column[item]] for names, column in zip(NAMES, self.columns, strict=True)]


def product_labels(tables: Tables, availability: Availability, today: int) -> ProductLabels:
    """today: days since 1970."""
    price, cost = availability.price.astype(np.float64), availability.cost.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        margin = np.where(price > 0, 1 - cost / price, np.nan)
    age = today - tables.product.first_day
    trend = tables.sessions.trend
    columns = (
        _classes(margin, (HIGH_MARGIN, LOW_MARGIN, 0.0)),
        _classes(-_share_of_better(_profit(tables, price, cost)), (-FIRST_CLASS, -SECOND_CLASS, -1.0)),
        _classes(_worth_of_buyers(tables), (MORE_WORTH, LESS_WORTH, 0.0)),
        _classes(tables.product.repeat_rate, (OFTEN, SOMETIMES)),
        np.where(age <= NEW_DAYS, 0, 1 + _classes(trend, (RISING, FALLING))).astype(np.uint8),
    )
    return ProductLabels(columns)


def _classes(
    values: np.ndarray[tuple[int], np.dtype[np.floating]], bounds: Sequence[float]
) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """How many of the falling bounds a value is below; of NaN one more than that of the smallest values."""
    classes = sum((values < bound).astype(np.uint8) for bound in bounds)
    return np.where(np.isnan(values), len(bounds) + 1, classes).astype(np.uint8)


def _profit(tables: Tables, price: Float64s, cost: Float64s) -> Float64s:
    """Of all buyers together; where the cost is unknown, at the share of the price that the others leave."""
    known = np.isfinite(cost) & (price > 0)
    share = 1 - cost[known].sum() / price[known].sum() if known.any() else 1.0
    margin = np.where(np.isfinite(cost), price - cost, price * share)
    return np.asarray(np.nan_to_num(np.maximum(margin, 0.0)) * tables.product.buyers)


def _share_of_better(profit: Float64s) -> Float64s:
    """(n): the share of all profit that better products bring; above 1 of those that bring none."""
    order = np.argsort(-profit, kind="stable")
    before = np.cumsum(profit[order]) - profit[order]
    share = np.empty_like(profit)
    share[order] = before / max(float(profit.sum()), 1e-12)
    return np.where(profit > 0, share, 2.0)


def _worth_of_buyers(tables: Tables) -> Float64s:
    """(n): what a product's buyers brought so far, over what a customer brought; -1 of too few buyers."""
    bought, people = tables.purchases, tables.people
    buyers = np.bincount(bought.items, minlength=len(tables.products))
    if people is None or not len(bought.items):
        return np.full(len(buyers), -1.0)
    revenue = np.maximum(people.facts.revenue, 0.0)
    usual = max(float(revenue[people.facts.orders > 0].mean()), 1e-12)
    each = np.repeat(revenue, np.diff(bought.offsets))
    sums = np.bincount(bought.items, each, minlength=len(buyers))
    return np.where(buyers >= FEWEST_BUYERS, sums / np.maximum(buyers, 1) / usual, -1.0)
