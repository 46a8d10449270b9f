"""Customers who are about to leave for good.

On a shop's first day many are due at once: their messages are spread over `spread_days`.
"""

from collections.abc import Iterator
from zlib import crc32

from features.time_units import DAY_MS
from recommender.lifecycle.vocabulary.customer import Customer
from recommender.lifecycle.vocabulary.occasion import Occasion, OccasionReason
from recommender.lifecycle.vocabulary.settings import Settings


def occasions(customer: Customer, now_ms: int, settings: Settings) -> Iterator[Occasion]:
    """Once for each time without orders: when the risk of churn is high, until they order."""
    options, stats = settings.win_back, customer.stats
    earliest = stats.last_order_ms + int(options.least_days * DAY_MS)
    if not stats.last_order_ms or now_ms < earliest or stats.churn_risk < options.least_risk:
        return
    days = (now_ms - stats.last_order_ms) // DAY_MS
    waits = _spread(customer.id) * options.spread_days * DAY_MS if earliest < customer.began_ms else 0.0
    yield Occasion(
        kind="win_back",
        key=f"win_back:{stats.last_order_ms // DAY_MS}",
        due_ms=max(now_ms, customer.began_ms + int(waits)) if waits else now_ms,
        expires_ms=stats.last_order_ms + int(options.most_days * DAY_MS),
        reason=OccasionReason(
            "churn_risk",
            f"No order for {days} days; the risk that they have left is {stats.churn_risk:.0%}.",
            {"days": days, "churn_risk": round(stats.churn_risk, 2), "orders": stats.orders},
        ),
        suggested="win_back",
    )


def _spread(customer_id: str) -> float:
    """0 to 1, always the same for a customer."""
    return crc32(customer_id.encode()) / 2**32
