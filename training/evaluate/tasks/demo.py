"""The generated shop, whose truth is known: how much of its planted structure the served model finds."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from features.home import Home
from features.progress import Report, silent
from features.time_units import DAY_S
from recommender.context.request import Placement, Request, Situation
from recommender.model import versions
from recommender.model.bundle import Bundle
from training.errors import BadDataset
from training.measure.compare import Case, Ranker, compare, popularity, products_of, recommended, scored
from training.measure.metrics import Metrics, Ranked
from training.measure.result import Evaluation

SHOWN = 5
REFILLING: tuple[Placement, ...] = "next_order", "buy_again"
WITHIN = timedelta(days=28)  # after the model's last order: a served model is hardly older
EARLIEST_REFILL = 0.2  # share of its interval before it is due at which a refill is bought with another order


def evaluate_demo(home: Home, baselines: bool = True, report: Report = silent) -> Evaluation:
    """What was planted, among the first 5 shown: the complements on each product's page, and the refills of
    each customer's next order in `next_order` and in `buy_again`.

    `_complements`: of the strongest 5 planted that may be shown, so that 1 is what the truth allows.
    `_next_order`, `_buy_again`: what the truth allows is what the `oracle` finds; `of_oracle`: our share.
    Raises BadDataset where the home holds no generated shop, or no model.
    """
    began, folder, bundle = monotonic(), home.root / "demo", versions.load_current(home.models)
    if bundle is None or not (folder / "truth.json").is_file():
        raise BadDataset(f"{home.root} holds no demo shop: make one with `perennial demo --home {home.root}`")
    products = json.loads((folder / "truth.json").read_text("utf-8"))["products"]
    pages = list(planted_complements(products, bundle))
    customers = list(planted_refills(folder / "truth_customers.csv", bundle))
    rankers = {"perennial": recommended(bundle)}
    if baselines:
        rankers["popularity"] = popularity(bundle)
    metrics = _planted_metrics(pages, rankers, "complements", bundle, report)
    rankers["oracle"] = oracle(customers)
    if baselines:
        rankers["personal frequency"] = own_favourites(bundle)
    for placement in REFILLING:
        cases = [customer.case(placement) for customer in customers]
        for name, more in _planted_metrics(cases, rankers, placement, bundle, report).items():
            metrics.setdefault(name, {}).update(more)
        for measure in (f"recall@{SHOWN}", f"ndcg@{SHOWN}_full") if cases else ():
            ours, best = (
                metrics[name][f"{measure}_{placement}"]["value"] for name in ("perennial", "oracle")
            )
            metrics["perennial"][f"of_oracle_{measure}_{placement}"] = {"value": ours / best if best else 0.0}
    return Evaluation("demo", home.root.name, metrics, len(pages) + len(customers), monotonic() - began)


def _planted_metrics(
    cases: list[Case], rankers: dict[str, Ranker], what: str, bundle: Bundle, report: Report
) -> dict[str, Metrics]:
    """recall and ndcg of the first 5, named after what was planted; empty without cases."""
    if not cases:
        return {}
    measures = [f"recall@{SHOWN}", f"ndcg@{SHOWN}_full"]
    n_items, product = len(bundle.tables.products), products_of(bundle.tables.variant_groups.group)
    metrics_of = compare(cases, rankers, measures, n_items, report=report, product=product)
    return {
        name: {f"{measure}_{what}": value for measure, value in metrics.items()}
        for name, metrics in metrics_of.items()
    }


def planted_complements(
    products: dict[str, dict[str, list[dict[str, str]]]], bundle: Bundle
) -> Iterator[Case]:
    """A case for each product. products: of truth.json."""
    tables, now = bundle.tables, datetime.fromisoformat(bundle.manifest.last_order).astimezone(UTC)
    is_shown = tables.product.recommendable & tables.product.in_stock
    for product_id, planted in products.items():
        items = np.array(
            tables.products.rows([other["product_id"] for other in planted["complements"]]), np.int32
        )
        if len(complements := items[is_shown[items]][:SHOWN]):
            yield Case(
                Request("product_complements", now=now.timestamp(), product_id=product_id), complements
            )


@dataclass(frozen=True)
class PlantedHabit:
    """A product (row of the model), how many days its packs last, and when the next are due (epoch s)."""

    item: int
    every_days: float
    due: float

    def wait(self, now: float) -> float:
        """Time until it is due, in its own intervals; below 0: overdue."""
        return (self.due - now) / (DAY_S * self.every_days)


@dataclass(frozen=True)
class RefillingCustomer:
    """One with habits whose next order, at `at` (epoch s), refills some of them."""

    customer_id: str
    at: float
    habits: list[PlantedHabit]
    refilled: NDArray[np.int32]

    def case(self, placement: Placement) -> Case:
        """A case at the time of that order."""
        return Case(Request(placement, now=self.at, customer_id=self.customer_id), self.refilled)


def planted_refills(truth: Path, bundle: Bundle) -> Iterator[RefillingCustomer]:
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
                yield RefillingCustomer(row["customer_id"], at, habits, refilled)


def oracle(customers: list[RefillingCustomer]) -> Ranker:
    """The best possible ranker: it knows when each habit is due, but not whether this order includes it. The
    most overdue first, and none that is not due yet."""
    by_id = {customer.customer_id: customer for customer in customers}

    def rank(case: Case, k: int) -> Ranked:
        now = case.request.now
        habits = sorted(by_id[case.request.customer_id or ""].habits, key=lambda habit: habit.wait(now))
        return Ranked(
            np.array([habit.item for habit in habits if habit.wait(now) <= EARLIEST_REFILL][:k], np.int32)
        )

    return rank


def own_favourites(bundle: Bundle) -> Ranker:
    """The products that the customer ordered most often."""

    def counts(situation: Situation) -> NDArray[np.float64]:
        own = situation.purchases
        return np.bincount(own.items, own.orders, len(bundle.tables.products)).astype(np.float64)

    return scored(bundle, counts)


def _habits(refills: str, bundle: Bundle) -> Iterator[PlantedHabit]:
    for refill in json.loads(refills):
        item = bundle.tables.products.row(refill["product_id"])
        if item >= 0:
            yield PlantedHabit(item, refill["every_days"], datetime.fromisoformat(refill["due"]).timestamp())
