"""The offers that were given, as a file: what each was, its propensity, and what came of it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from training.demo.shop.lives import Life
from training.demo.shop.offers import PROPENSITIES, VALID_DAYS, Decision
from training.demo.shop.season import Calendar

COLUMNS = (
    "decision_id",
    "timestamp",
    "customer_id",
    "offer",
    "propensity",
    "redeemed",
    "ordered_within_14d",
    "margin",
)


def write_offers(path: Path, calendar: Calendar, lives: list[Life]) -> None:
    """One row a decision; `margin` is what its 14 days earned in EUR, after the cost of the offer."""
    given = [(decision, life) for life in lives for decision in life.decisions]
    given.sort(key=lambda pair: (pair[0].day, pair[1].customer.customer_id))
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        for number, (decision, life) in enumerate(given):
            table.writerow({"decision_id": f"d-{number:06d}", **_outcome(decision, life, calendar)})


def _outcome(decision: Decision, life: Life, calendar: Calendar) -> dict[str, Any]:
    within = [order for order in life.orders if decision.day < order.day <= decision.day + VALID_DAYS]
    return {
        "timestamp": calendar.date(decision.day).isoformat(timespec="seconds"),
        "customer_id": life.customer.customer_id,
        "offer": decision.offer,
        "propensity": PROPENSITIES[decision.offer],
        "redeemed": int(any(order.decision is decision for order in within)),
        "ordered_within_14d": int(bool(within)),
        "margin": round(sum(order.margin for order in within), 2),
    }
