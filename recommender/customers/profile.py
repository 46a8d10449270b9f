"""One customer as a shop wants to know them: past, worth, standing, what they run out of, what they like."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec

from recommender.arrays.dtypes import Float64s
from recommender.customers.affinities import Affinities
from recommender.customers.tiers import TierStanding

LAST_DAY = (date.max - date(1970, 1, 1)).days


class Estimate(msgspec.Struct, frozen=True):
    """What is expected, and the shortest stretch that holds 90 % of what may come."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, ends: Float64s) -> Estimate:
        return cls(*(round(float(number), 4) for number in (value, *ends)))


class Ahead(msgspec.Struct, frozen=True):
    """What is expected within so many days; margin: None where no cost is known."""

    days: int
    orders: Estimate
    revenue: Estimate
    margin: Estimate | None


class Expected(msgspec.Struct, frozen=True):
    """A day, and the ends of 90 %."""

    expected: date
    earliest: date
    latest: date

    @classmethod
    def of(cls, *days: float) -> Expected:
        """Days since 1970."""
        return cls(*map(day_of, days))


class Refill(msgspec.Struct, frozen=True):
    """A product bought before: how often, when it is bought again, and the chance that it is at all."""

    product_id: str
    bought: int
    next: Expected
    chance: float


class Contact(msgspec.Struct, frozen=True):
    """A message. about: the occasion of the trigger that was read, or `picks`, of an e-mail that asked for
    them; id: of the trigger or the sending; product_ids: what picks were given, empty without any."""

    at: datetime
    about: str
    id: str
    product_ids: list[str]


class Profile(msgspec.Struct, frozen=True):
    """One customer, as of now. Figures that cannot be told are null: nothing is guessed without a model.

    known: the history has an order or a live event of theirs. revenue: in `currency`, net of discounts and of
    what was given back; what was ordered since the last training counts at its price on the shelf. consent:
    to e-mail; consents: by channel, where they said something. Of country, language and consent it is the
    latest word.
    """

    customer_id: str
    known: bool
    orders: int = 0
    revenue: float = 0.0
    currency: str | None = None
    first_order: date | None = None
    last_order: date | None = None
    recency_days: float | None = None
    p_alive: float | None = None
    churn_risk: float | None = None
    expected_orders_90d: Estimate | None = None
    predicted_clv_365d: Estimate | None = None
    ahead: list[Ahead] = []
    next_order_date: Expected | None = None
    segment: str | None = None
    vip: bool = False
    tier: TierStanding | None = None
    reorders: list[Refill] = []
    affinities: Affinities = Affinities()
    channel: str | None = None
    country: str | None = None
    language: str | None = None
    consent: bool | None = None
    consents: dict[str, bool] = {}
    last_contacts: list[Contact] = []
    degraded_reasons: list[str] = []


def day_of(day: float) -> date:
    """By a day's number since 1970; what lies beyond the calendar is its end."""
    return date(1970, 1, 1) + timedelta(days=int(min(max(day, 0), LAST_DAY)))
