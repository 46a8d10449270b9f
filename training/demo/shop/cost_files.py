"""offers.csv and channels.csv: what was offered and came of it, and what new customers cost."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from training.demo.shop.customer_histories import SimulatedHistory
from training.demo.shop.offers import PROPENSITIES, VALID_DAYS, PastDecision
from training.demo.shop.people import CHANNELS, SimulatedCustomer
from training.demo.shop.season import HISTORY_DAYS, Calendar


def write_offers(path: Path, calendar: Calendar, histories: list[SimulatedHistory]) -> None:
    """A row for each decision. margin: EUR earned in the 14 days after it, less the cost of the offer."""
    decisions = [(decision, history) for history in histories for decision in history.decisions]
    decisions.sort(key=lambda pair: (pair[0].day, pair[1].customer.customer_id))
    rows = [
        {"decision_id": f"d-{number:06d}", **_outcome(decision, history, calendar)}
        for number, (decision, history) in enumerate(decisions)
    ]
    pl.DataFrame(rows, infer_schema_length=None).write_csv(path)


def write_channels(
    path: Path, customers: list[SimulatedCustomer], calendar: Calendar, rng: np.random.Generator
) -> None:
    """A row for each channel and month with its cost in EUR: 0 in months without new customers."""
    new_customers = Counter(
        (customer.channel, f"{calendar.date(customer.first):%Y-%m}") for customer in customers
    )
    months = dict.fromkeys(f"{calendar.date(day):%Y-%m}" for day in range(HISTORY_DAYS))
    rows = [
        (name, month, "EUR", channel.cost * new_customers[name, month] * rng.lognormal(0.0, 0.15))
        for name, channel in CHANNELS.items()
        for month in months
    ]
    table = pl.DataFrame(rows, ["channel", "month", "currency", "cost"], orient="row")
    table.write_csv(path, float_precision=2)


def _outcome(decision: PastDecision, history: SimulatedHistory, calendar: Calendar) -> dict[str, Any]:
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
