"""The demo shop's customers as its offers find them: what the shop sees of them, and what is true."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.time_units import DAY_S, WEEK_DAYS
from recommender.offers.incremental_margin import chances_of, discount_share, features_of
from recommender.value.order_models import PARETO_NBD, OrderModel, SpendModel, Summary, expected_spend
from training.customers.choice import fit_or_guess
from training.customers.gamma_gamma import fit_or_guess_spend
from training.demo.shop.offers import VALID_DAYS

ARMS = ("percent_10", "free_shipping", "amount_5")
Numbers = NDArray[np.float64]


class Truth(NamedTuple):
    """What is true of each customer, (n) each: uplift (n, 3), orders a day, mean budget, affinity for
    discounts, and the day they leave, counted from the history's end."""

    uplift: Numbers
    rate: Numbers
    basket: Numbers
    affinity: Numbers
    leaves: Numbers


class Seen(NamedTuple):
    """Sums over each customer's orders, (n) each; first and last in days from the history's end."""

    orders: Numbers
    worth: Numbers
    discounted: Numbers
    first: Numbers
    last: Numbers

    def summary(self, day: float) -> Summary:
        """As the order models want it; who never ordered is new today."""
        last, first = np.minimum(self.last, day), np.minimum(self.first, day)
        return Summary(np.maximum(self.orders - 1, 0), (last - first) / WEEK_DAYS, (day - first) / WEEK_DAYS)


@dataclass(frozen=True)
class Insight:
    """What training makes of customers' orders, and serving of that: the models behind a question."""

    orders: OrderModel
    spend: SpendModel

    @classmethod
    def of(cls, seen: Seen, day: float) -> Insight:
        known = seen.orders > 0
        mean = seen.worth[known] / seen.orders[known]
        summary = seen.summary(day).where(known)
        return cls(fit_or_guess(PARETO_NBD, summary), fit_or_guess_spend(seen.orders[known], mean))

    def basket(self, seen: Seen) -> Numbers:
        """Worth of the order to expect."""
        return np.asarray(expected_spend(self.spend, seen.orders, seen.worth / np.maximum(seen.orders, 1)))

    def told(self, seen: Seen, day: float) -> dict[str, Numbers]:
        """(n) each: what serving tells the offer model, on its site and without a cart."""
        chances = chances_of(self.orders, seen.summary(day))
        share = discount_share(seen.discounted, seen.orders)
        return features_of(self.basket(seen), share, np.zeros(len(seen.orders))) | chances


def read_now(folder: Path) -> datetime:
    """When the history ended: the last campaign was over a day before."""
    last = str(pl.read_csv(folder / "offers.csv", columns=["timestamp"])["timestamp"].max())
    return datetime.fromisoformat(last) + timedelta(days=VALID_DAYS + 1)


def read_truth(folder: Path, now: datetime) -> tuple[list[str], Truth]:
    """Those who consented to be written to."""
    table = pl.read_csv(folder / "truth_customers.csv").filter(pl.col("consent") == 1)
    leaves = table["left_at"].cast(pl.String).str.to_datetime(time_zone="UTC", strict=False)
    days = ((leaves - now).dt.total_seconds() / DAY_S).fill_null(np.inf).to_numpy()
    uplift = table.select(f"uplift_{arm}" for arm in ARMS).to_numpy()
    rate, basket, affinity = (
        table[name].to_numpy() for name in ("orders_per_day", "basket_mean", "discount_affinity")
    )
    return table["customer_id"].to_list(), Truth(uplift, rate, basket, affinity, days)


def read_orders(folder: Path, now: datetime) -> pl.DataFrame:
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


def seen_at(orders: pl.DataFrame, customers: list[str], day: float) -> Seen:
    """What the orders before a day say; who had none by then was first seen on it."""
    sums = (
        orders.filter(pl.col("day") < day)
        .group_by("customer_id")
        .agg(
            pl.len().alias("orders"),
            pl.col("goods").sum().alias("worth"),
            pl.col("discounted").sum(),
            pl.col("day").min().alias("first"),
            pl.col("day").max().alias("last"),
        )
    )
    table = pl.DataFrame({"customer_id": customers}).join(sums, "customer_id", "left", maintain_order="left")
    table = table.with_columns(pl.col("first", "last").fill_null(day)).fill_null(0)
    return Seen(*(table[name].cast(pl.Float64).to_numpy().copy() for name in Seen._fields))


def goods_of(budget: Numbers, customers: list[str], orders: pl.DataFrame) -> Numbers:
    """(n) mean goods of an order, EUR, by each customer's mean budget: baskets are filled past small budgets,
    since something must be in them, and seldom up to large ones. A curve through all orders."""
    table = pl.DataFrame({"customer_id": customers, "budget": budget})
    filled = orders.filter(pl.col("goods") > 0).join(table, on="customer_id")
    spent, goods = filled["budget"].to_numpy(), filled["goods"].to_numpy()
    curve = np.polynomial.Polynomial.fit(np.log(spent), np.log(goods), 2)
    level = goods.sum() / np.exp(curve(np.log(spent))).sum()
    return np.asarray(level * np.exp(curve(np.log(budget))))


def _order(event: dict[str, object], costs: dict[str, float], now: datetime) -> tuple[object, ...]:
    order = event["order"]
    lines = [line for line in order["items"] if line["product_id"] in costs]  # type: ignore[index]
    goods = sum(line["quantity"] * line["unit_price"] for line in lines)
    cost = sum(line["quantity"] * costs[line["product_id"]] for line in lines)
    day = (datetime.fromisoformat(str(event["timestamp"])) - now) / timedelta(days=1)
    return event["customer_id"], day, goods, goods - cost, 1.0 if order.get("coupon") else 0.0  # type: ignore[attr-defined]
