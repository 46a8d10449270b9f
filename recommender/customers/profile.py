"""One customer's profile: orders so far, expected value, segment and tier, refills due, affinities."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec

from recommender.arrays.dtypes import Float64s
from recommender.customers.affinities import Affinities
from recommender.customers.tiers import TierStatus

LAST_DAY_OF_CALENDAR = (date.max - date(1970, 1, 1)).days


class IntervalEstimate(msgspec.Struct, frozen=True):
    """What is expected, and the shortest interval that holds 90 % of the possible outcomes."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, ends: Float64s) -> IntervalEstimate:
        return cls(*(round(float(number), 4) for number in (value, *ends)))


class Ahead(msgspec.Struct, frozen=True):
    """What is expected within so many days; margin: None where no cost is known."""

    days: int
    orders: IntervalEstimate
    revenue: IntervalEstimate
    margin: IntervalEstimate | None


class Expected(msgspec.Struct, frozen=True):
    """The expected day, and the ends of its 90 % interval."""

    expected: date
    earliest: date
    latest: date

    @classmethod
    def of(cls, *days: float) -> Expected:
        """Days since 1970."""
        return cls(*map(date_within_calendar, days))


class Refill(msgspec.Struct, frozen=True):
    """A product bought before: how often, when it is expected again, and the chance of buying it again."""

    product_id: str
    bought: int
    next: Expected
    chance: float


class Contact(msgspec.Struct, frozen=True):
    """A message. about: the occasion of a trigger, or `picks` for an e-mail that requested recommendations;
    id: of the trigger or the sending; product_ids: the recommended products."""

    at: datetime
    about: str
    id: str
    product_ids: list[str]


class Viewed(msgspec.Struct, frozen=True):
    """A product that was looked at lately: how often, when last, and whether it is on the wish list."""

    product_id: str
    times: int
    last: datetime
    wished: bool


class LiveCart(msgspec.Struct, frozen=True):
    """product_id -> quantity; since when it fills, and its last change."""

    products: dict[str, float]
    since: datetime
    changed: datetime


class Ticket(msgspec.Struct, frozen=True):
    """A question to the shop's service. at: of its last event."""

    id: str
    open: bool
    at: datetime


class Answered(msgspec.Struct, frozen=True):
    """A number that the customer gave: a survey's score, a review's rating."""

    value: float
    at: datetime


class Points(msgspec.Struct, frozen=True):
    """earned: by orders, where tiers go by points; added and redeemed: by `loyalty` events; balance: what is
    left. Tiers go by what was earned: redeeming lowers none."""

    earned: float
    added: float
    redeemed: float
    balance: float


class Profile(msgspec.Struct, frozen=True):
    """One customer, as of now. Figures that are not known are null: nothing is guessed without a model.

    known: the history has an order or a live event of theirs. revenue: in `currency`, net of discounts and
    refunds; orders since the last training count at today's prices. consent: to e-mail; consents: by channel,
    where the customer stated one. Country, language, consent and demographics are those stated last. viewed,
    cart: of the live log, newest first; tickets: open ones first.
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
    expected_orders_90d: IntervalEstimate | None = None
    predicted_clv_365d: IntervalEstimate | None = None
    ahead: list[Ahead] = []
    next_order_date: Expected | None = None
    segment: str | None = None
    vip: bool = False
    tier: TierStatus | None = None
    reorders: list[Refill] = []
    affinities: Affinities = Affinities()
    channel: str | None = None
    country: str | None = None
    language: str | None = None
    consent: bool | None = None
    consents: dict[str, bool] = {}
    demographics: dict[str, str] = {}
    viewed: list[Viewed] = []
    cart: LiveCart | None = None
    tickets: list[Ticket] = []
    survey: Answered | None = None
    rating: Answered | None = None
    points: Points | None = None
    last_contacts: list[Contact] = []
    degraded_reasons: list[str] = []


def date_within_calendar(day: float) -> date:
    """The date of a day counted from 1970; days after the last possible date become that date."""
    return date(1970, 1, 1) + timedelta(days=int(min(max(day, 0), LAST_DAY_OF_CALENDAR)))
