"""Those who are about to leave for good."""

from __future__ import annotations

from collections.abc import Iterator

from recommender.lifecycle.customer import Customer
from recommender.lifecycle.occasion import DAY_MS, Occasion, Reason
from recommender.lifecycle.settings import Settings


def occasions(customer: Customer, now_ms: int, settings: Settings) -> Iterator[Occasion]:
    """Once a silence: when the risk of churn is high, until they order."""
    wanted, worth = settings.win_back, customer.worth
    earliest = worth.last_order_ms + int(wanted.least_days * DAY_MS)
    if not worth.last_order_ms or now_ms < earliest or worth.churn_risk < wanted.least_risk:
        return
    days = (now_ms - worth.last_order_ms) // DAY_MS
    yield Occasion(
        kind="win_back",
        key=f"win_back:{worth.last_order_ms // DAY_MS}",
        due_ms=now_ms,
        expires_ms=worth.last_order_ms + int(wanted.most_days * DAY_MS),
        reason=Reason(
            "churn_risk",
            f"No order for {days} days; the risk that they have left is {worth.churn_risk:.0%}.",
            {"days": days, "churn_risk": round(worth.churn_risk, 2), "orders": worth.orders},
        ),
        suggested="email",
    )
