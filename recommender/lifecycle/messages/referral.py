"""Asks satisfied customers to refer the shop to friends."""

from collections.abc import Iterator

from features.time_units import DAY_MS
from recommender.lifecycle.vocabulary.customer import Customer
from recommender.lifecycle.vocabulary.occasion import Occasion, OccasionReason
from recommender.lifecycle.vocabulary.settings import Settings

LASTS_DAYS = 14


def occasions(customer: Customer, _now_ms: int, settings: Settings) -> Iterator[Occasion]:
    """After a good answer, until they have referred somebody."""
    options, state = settings.referral, customer.state
    answers = (("survey", options.least_score), ("rating", options.least_rating))
    good_answers = [
        (state.at_ms(name), name) for name, least in answers if (state.number(name) or 0.0) >= least
    ]
    if not good_answers or state.at_ms("referral") or customer.stats.orders < options.least_orders:
        return
    at_ms, name = max(good_answers)
    due = at_ms + int(options.after_days * DAY_MS)
    yield Occasion(
        kind="referral",
        key=f"referral:{at_ms}",
        due_ms=due,
        expires_ms=due + LASTS_DAYS * DAY_MS,
        reason=OccasionReason(
            "happy",
            f"They answered {state.value(name)} and ordered {customer.stats.orders} times.",
            {name: state.number(name), "orders": customer.stats.orders},
        ),
    )
