"""A series for those who are new and have not bought yet."""

from __future__ import annotations

from collections.abc import Iterator

from features.time_units import HOUR_MS
from recommender.lifecycle.messages.series import steps
from recommender.lifecycle.vocabulary.customer import Customer
from recommender.lifecycle.vocabulary.occasion import Occasion, Reason
from recommender.lifecycle.vocabulary.settings import Settings

LAST_STEP_HOURS = 168.0


def occasions(customer: Customer, _now_ms: int, settings: Settings) -> Iterator[Occasion]:
    """From when they became known, or said yes to a channel, whichever was later, until they order."""
    life = customer.life
    consents = (said.at_ms for name, said in life.told.items() if name.startswith("consent:"))
    began = max(life.at_ms("known"), max(consents, default=0))
    if not began or customer.worth.orders:
        return
    reason = Reason("new_customer", "They are new and have not ordered yet.", {"known_since_ms": began})
    start = life.at_ms("known") or began
    for step, due, expires in steps(settings.welcome.after_hours, HOUR_MS, began, LAST_STEP_HOURS):
        yield Occasion(
            kind="welcome",
            key=f"welcome:{start}:{step}",
            due_ms=due,
            expires_ms=expires,
            reason=reason,
            suggested="home",
            step=step,
        )
