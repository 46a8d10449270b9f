"""Those who are happy may tell their friends."""

from __future__ import annotations

from collections.abc import Iterator

from features.time_units import DAY_MS
from recommender.lifecycle.vocabulary.customer import Customer
from recommender.lifecycle.vocabulary.occasion import Occasion, Reason
from recommender.lifecycle.vocabulary.settings import Settings

LASTS_DAYS = 14


def occasions(customer: Customer, _now_ms: int, settings: Settings) -> Iterator[Occasion]:
    """After a good answer, until they have referred somebody."""
    wanted, life = settings.referral, customer.life
    answers = (("survey", wanted.least_score), ("rating", wanted.least_rating))
    good = [(life.at_ms(name), name) for name, least in answers if (life.number(name) or 0.0) >= least]
    if not good or life.at_ms("referral") or customer.worth.orders < wanted.least_orders:
        return
    at_ms, name = max(good)
    due = at_ms + int(wanted.after_days * DAY_MS)
    yield Occasion(
        kind="referral",
        key=f"referral:{at_ms}",
        due_ms=due,
        expires_ms=due + LASTS_DAYS * DAY_MS,
        reason=Reason(
            "happy",
            f"They answered {life.value(name)} and ordered {customer.worth.orders} times.",
            {name: life.number(name), "orders": customer.worth.orders},
        ),
    )
