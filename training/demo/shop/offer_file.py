"""offers.csv: the offers that were given, their propensities and outcomes."""

import csv
from pathlib import Path
from typing import Any

from training.demo.shop.customer_histories import CustomerHistory
from training.demo.shop.offers import PROPENSITIES, VALID_DAYS, PastDecision
from training.demo.shop.season import Calendar

OFFER_COLUMNS = (
    "decision_id",
    "timestamp",
    "customer_id",
    "offer",
    "propensity",
    "redeemed",
    "ordered_within_14d",
    "margin",
)


def write_offers(path: Path, calendar: Calendar, histories: list[CustomerHistory]) -> None:
    """A row for each decision. margin: EUR earned in the 14 days after it, less the cost of the offer."""
    decisions = [(decision, history) for history in histories for decision in history.decisions]
    decisions.sort(key=lambda pair: (pair[0].day, pair[1].customer.customer_id))
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, OFFER_COLUMNS, lineterminator="\n")
        table.writeheader()
        for number, (decision, history) in enumerate(decisions):
            table.writerow({"decision_id": f"d-{number:06d}", **_outcome(decision, history, calendar)})


def _outcome(decision: PastDecision, history: CustomerHistory, calendar: Calendar) -> dict[str, Any]:
    within = [order for order in history.orders if decision.day < order.day <= decision.day + VALID_DAYS]
    return {
        "timestamp": calendar.date(decision.day).isoformat(timespec="seconds"),
        "customer_id": history.customer.customer_id,
        "offer": decision.offer,
        "propensity": PROPENSITIES[decision.offer],
        "redeemed": int(any(order.decision is decision for order in within)),
        "ordered_within_14d": int(bool(within)),
        "margin": round(sum(order.margin for order in within), 2),
    }
