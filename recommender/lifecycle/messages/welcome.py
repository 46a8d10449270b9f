"""A series for new customers who have not bought yet."""

from collections.abc import Iterator

from features.time_units import HOUR_MS
from recommender.lifecycle.messages.series import steps
from recommender.lifecycle.vocabulary.customer import Customer
from recommender.lifecycle.vocabulary.occasion import Occasion, OccasionReason
from recommender.lifecycle.vocabulary.settings import Settings

LAST_STEP_HOURS = 168.0


def occasions(customer: Customer, _now_ms: int, settings: Settings) -> Iterator[Occasion]:
    """From when they became known, or consented to a channel, whichever was later, until they order."""
    state = customer.state
    consents = (fact.at_ms for name, fact in state.facts.items() if name.startswith("consent:"))
    began_ms = max(state.at_ms("known"), max(consents, default=0))
    if not began_ms or customer.stats.orders:
        return
    reason = OccasionReason(
        "new_customer", "They are new and have not ordered yet.", {"known_since_ms": began_ms}
    )
    start = state.at_ms("known") or began_ms
    for step, due, expires in steps(settings.welcome.after_hours, HOUR_MS, began_ms, LAST_STEP_HOURS):
        yield Occasion(
            kind="welcome",
            key=f"welcome:{start}:{step}",
            due_ms=due,
            expires_ms=expires,
            reason=reason,
            suggested="welcome",
            step=step,
        )
