"""The demo shop's customers: totals of their orders, which the shop sees, and their true parameters."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from features.time_units import DAY_S, WEEK_DAYS
from recommender.arrays.dtypes import Float64s
from recommender.offers.incremental_margin import chances_of, discount_share, features_of
from recommender.value.order_models import PARETO_NBD, OrderModel, OrderSummary, SpendModel, expected_spend
from training.customers.choice import fit_or_guess
from training.customers.gamma_gamma import fit_or_guess_spend
from training.demo.shop.offers import VALID_DAYS

ARMS = ("percent_10", "free_shipping", "amount_5")


class Truth(NamedTuple):
    """True parameters of each customer, (n) each: uplift (n, 3); rate: orders a day; basket: mean budget;
    affinity: for discounts; leaves: the day they leave, counted from the history's end."""

    customer_ids: list[str]
    uplift: Float64s
    rate: Float64s
    basket: Float64s
    affinity: Float64s
    leaves: Float64s


class SimulatedTotals(NamedTuple):
    """Totals of each customer's orders, (n) each; first and last in days from the history's end."""

    orders: Float64s
    value: Float64s
    discounted: Float64s
    first: Float64s
    last: Float64s

    def summary(self, day: float) -> OrderSummary:
        """The input of order models; customers without orders count as new today."""
        last, first = np.minimum(self.last, day), np.minimum(self.first, day)
        return OrderSummary(
            np.maximum(self.orders - 1, 0), (last - first) / WEEK_DAYS, (day - first) / WEEK_DAYS
        )


@dataclass(frozen=True)
class OrderModels:
    """Models of order times and order values, fitted as in training and used as in serving."""

    orders: OrderModel
    spend: SpendModel

    @classmethod
    def of(cls, totals: SimulatedTotals, day: float) -> OrderModels:
        has_ordered = totals.orders > 0
        mean = totals.value[has_ordered] / totals.orders[has_ordered]
        summary = totals.summary(day).where(has_ordered)
        return cls(fit_or_guess(PARETO_NBD, summary), fit_or_guess_spend(totals.orders[has_ordered], mean))

    def basket(self, totals: SimulatedTotals) -> Float64s:
        """(n) expected value of the next order."""
        return np.asarray(
            expected_spend(self.spend, totals.orders, totals.value / np.maximum(totals.orders, 1))
        )

    def features(self, totals: SimulatedTotals, day: float) -> dict[str, Float64s]:
        """(n) each: features and chances for the offer model, as serving computes them without a cart."""
        chances = chances_of(self.orders, totals.summary(day))
        share = discount_share(totals.discounted, totals.orders)
        return features_of(self.basket(totals), share, np.zeros(len(totals.orders))) | chances


def read_now(folder: Path) -> datetime:
    """The end of the history, a day after the last campaign was over."""
    last = str(pl.read_csv(folder / "offers.csv", columns=["timestamp"])["timestamp"].max())
    return datetime.fromisoformat(last) + timedelta(days=VALID_DAYS + 1)


def read_truth(folder: Path, now: datetime) -> Truth:
    """Of the customers who consented to e-mail."""
    table = pl.read_csv(folder / "truth_customers.csv").filter(pl.col("consent") == 1)
    leaves = table["left_at"].cast(pl.String).str.to_datetime(time_zone="UTC", strict=False)
    days = ((leaves - now).dt.total_seconds() / DAY_S).fill_null(np.inf).to_numpy()
    uplift = table.select(f"uplift_{arm}" for arm in ARMS).to_numpy()
    rate, basket, affinity = (
        table[name].to_numpy() for name in ("orders_per_day", "basket_mean", "discount_affinity")
    )
    return Truth(table["customer_id"].to_list(), uplift, rate, basket, affinity, days)


def read_demo_orders(folder: Path, now: datetime) -> pl.DataFrame:
    """customer_id, day (from the history's end), goods, margin (before discounts), discounted 0/1; by day."""
    feed = pl.read_csv(folder / "catalogue.tsv", separator="\t", infer_schema=False)
    costs = {
        name: float((cost or "0").split()[0]) for name, cost in feed.select("id", "cost_of_goods_sold").rows()
    }
    with gzip.open(folder / "events.jsonl.gz", "rt", encoding="utf-8") as lines:
        events = [json.loads(line) for line in lines if '"purchase"' in line]
    rows = [
        _order(event, costs, now)
        for event in events
        if event["type"] == "purchase" and "customer_id" in event
    ]
    return pl.DataFrame(rows, ["customer_id", "day", "goods", "margin", "discounted"], orient="row").sort(
        "day"
    )


def totals_before(orders: pl.DataFrame, customers: list[str], day: float) -> SimulatedTotals:
    """Totals of the orders before a day; customers without any were first seen on that day."""
    sums = (
        orders.filter(pl.col("day") < day)
        .group_by("customer_id")
        .agg(
            pl.len().alias("orders"),
            pl.col("goods").sum().alias("value"),
            pl.col("discounted").sum(),
            pl.col("day").min().alias("first"),
            pl.col("day").max().alias("last"),
        )
    )
    table = pl.DataFrame({"customer_id": customers}).join(sums, "customer_id", "left", maintain_order="left")
    table = table.with_columns(pl.col("first", "last").fill_null(day)).fill_null(0)
    return SimulatedTotals(
        *(table[name].cast(pl.Float64).to_numpy().copy() for name in SimulatedTotals._fields)
    )


def expected_goods(truth: Truth, orders: pl.DataFrame) -> Float64s:
    """(n) mean value of goods in an order, EUR, by each customer's mean budget: a curve fitted to all orders.

    Baskets exceed small budgets, since they hold at least one product, and rarely reach large ones.
    """
    table = pl.DataFrame({"customer_id": truth.customer_ids, "budget": truth.basket})
    filled = orders.filter(pl.col("goods") > 0).join(table, on="customer_id")
    spent, goods = filled["budget"].to_numpy(), filled["goods"].to_numpy()
    curve = np.polynomial.Polynomial.fit(np.log(spent), np.log(goods), 2)
    level = goods.sum() / np.exp(curve(np.log(spent))).sum()
    return np.asarray(level * np.exp(curve(np.log(truth.basket))))


def _order(event: dict[str, object], costs: dict[str, float], now: datetime) -> tuple[object, ...]:
    order = event["order"]
    lines = [line for line in order["items"] if line["product_id"] in costs]  # type: ignore[index]
    goods = sum(line["quantity"] * line["unit_price"] for line in lines)
    cost = sum(line["quantity"] * costs[line["product_id"]] for line in lines)
    day = (datetime.fromisoformat(str(event["timestamp"])) - now) / timedelta(days=1)
    return event["customer_id"], day, goods, goods - cost, 1.0 if order.get("coupon") else 0.0  # type: ignore[attr-defined]
