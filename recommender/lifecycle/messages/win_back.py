"""Those who are about to leave for good.

On its first day a shop has them all at once: whoever had been silent before is told within `spread_days`.
"""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

from features.time_units import DAY_MS
from recommender.lifecycle.vocabulary.customer import Customer
from recommender.lifecycle.vocabulary.occasion import Occasion, Reason
from recommender.lifecycle.vocabulary.settings import Settings


def occasions(customer: Customer, now_ms: int, settings: Settings) -> Iterator[Occasion]:
    """Once a silence: when the risk of churn is high, until they order."""
    wanted, worth = settings.win_back, customer.worth
    earliest = worth.last_order_ms + int(wanted.least_days * DAY_MS)
    if not worth.last_order_ms or now_ms < earliest or worth.churn_risk < wanted.least_risk:
        return
    days = (now_ms - worth.last_order_ms) // DAY_MS
    waits = _place(customer.id) * wanted.spread_days * DAY_MS if earliest < customer.began_ms else 0.0
    yield Occasion(
        kind="win_back",
        key=f"win_back:{worth.last_order_ms // DAY_MS}",
        due_ms=max(now_ms, customer.began_ms + int(waits)) if waits else now_ms,
        expires_ms=worth.last_order_ms + int(wanted.most_days * DAY_MS),
        reason=Reason(
            "churn_risk",
            f"No order for {days} days; the risk that they have left is {worth.churn_risk:.0%}.",
            {"days": days, "churn_risk": round(worth.churn_risk, 2), "orders": worth.orders},
        ),
        suggested="email",
    )


def _place(customer_id: str) -> float:
    """0 to 1, the same for a customer whenever it is asked."""
    return crc32(customer_id.encode()) / 2**32
