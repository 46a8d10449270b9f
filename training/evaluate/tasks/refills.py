"""The generated shop's planted habits: whether the refills of the next order are predicted."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from features.time_units import DAY_S
from recommender.context.request import Placement, Request, Situation
from recommender.model.bundle import Bundle
from training.errors import BadDataset
from training.measure.compare import Case, Ranker, scored
from training.measure.metrics import Ranked

WITHIN = timedelta(days=28)  # after the model's last order: a served model is hardly older
EARLY = 0.2  # share of its interval before it is due at which a refill is bought with another order


@dataclass(frozen=True)
class Habit:
    """A product (row of the model), how many days its packs last, and when the next are due (epoch s)."""

    item: int
    every_days: float
    due: float

    def wait(self, now: float) -> float:
        """Time until it is due, in its own intervals; below 0: overdue."""
        return (self.due - now) / (DAY_S * self.every_days)


@dataclass(frozen=True)
class Customer:
    """One with habits whose next order, at `at` (epoch s), refills some of them."""

    customer_id: str
    at: float
    habits: list[Habit]
    refilled: NDArray[np.int32]

    def case(self, placement: Placement) -> Case:
        """A case at the time of that order."""
        return Case(Request(placement, now=self.at, customer_id=self.customer_id), self.refilled)


def planted_refills(truth: Path, bundle: Bundle) -> Iterator[Customer]:
    """Customers whose next order, within 28 days after the history, holds refills that may be shown.

    truth: truth_customers.csv. Raises BadDataset where an older version wrote it.
    """
    tables = bundle.tables
    shown = tables.product.recommendable & tables.product.in_stock
    latest = datetime.fromisoformat(bundle.manifest.last_order) + WITHIN
    with truth.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if "next_refills" not in row:
                raise BadDataset(f"{truth} knows no next orders: make the demo shop anew in an empty home")
            if not row["next_order_at"] or datetime.fromisoformat(row["next_order_at"]) > latest:
                continue
            refilled = np.array(tables.products.rows(json.loads(row["next_refills"])), np.int32)
            if len(refilled := refilled[shown[refilled]]):
                at = datetime.fromisoformat(row["next_order_at"]).timestamp()
                habits = [habit for habit in _habits(row["refills"], bundle) if shown[habit.item]]
                yield Customer(row["customer_id"], at, habits, refilled)


def oracle(customers: list[Customer]) -> Ranker:
    """The best possible ranker: it knows when each habit is due, but not whether this order includes it. The
    most overdue first, and none that is not due yet."""
    by_id = {customer.customer_id: customer for customer in customers}

    def rank(case: Case, k: int) -> Ranked:
        now = case.request.now
        habits = sorted(by_id[case.request.customer_id or ""].habits, key=lambda habit: habit.wait(now))
        return Ranked(np.array([habit.item for habit in habits if habit.wait(now) <= EARLY][:k], np.int32))

    return rank


def own_favourites(bundle: Bundle) -> Ranker:
    """The products that the customer ordered most often."""

    def counts(situation: Situation) -> NDArray[np.float64]:
        own = situation.purchases
        return np.bincount(own.items, own.orders, len(bundle.tables.products)).astype(np.float64)

    return scored(bundle, counts)


def _habits(refills: str, bundle: Bundle) -> Iterator[Habit]:
    for refill in json.loads(refills):
        item = bundle.tables.products.row(refill["product_id"])
        if item >= 0:
            yield Habit(item, refill["every_days"], datetime.fromisoformat(refill["due"]).timestamp())
