"""One customer as a shop wants to know them: past, worth, standing, what they run out of, what they like."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import msgspec
import numpy as np
from msgspec.structs import replace

from features.shopper import Purchase
from recommender.affinities import Affinities, affinities
from recommender.bundle import Bundle
from recommender.customer_value import HORIZONS_DAYS, NEVER, forecast
from recommender.next_order import next_order_days
from recommender.order_models import Floats
from recommender.people import People
from recommender.reorder import Habits, due
from recommender.segments import is_vip, segment_of
from recommender.shelf import Shelf
from recommender.tiers import TierPlan, TierStanding, tier_standing
from recommender.value_intervals import intervals

DAY_S = 86_400
LAST_DAY = (date.max - date(1970, 1, 1)).days
MOST_REORDERS = 10
LEAST_CHANCE = 0.05  # of buying again, below which nothing is said of a product
SOON, YEAR = HORIZONS_DAYS.index(90), HORIZONS_DAYS.index(365)


class Estimate(msgspec.Struct, frozen=True):
    """What is expected, and the shortest stretch that holds 90 % of what may come."""

    value: float
    low: float
    high: float


class Expected(msgspec.Struct, frozen=True):
    """A day, and the ends of 90 %."""

    expected: date
    earliest: date
    latest: date


class Refill(msgspec.Struct, frozen=True):
    """A product bought before: how often, when it is bought again, and the chance that it is at all."""

    product_id: str
    bought: int
    next: Expected
    chance: float


class Contact(msgspec.Struct, frozen=True):
    """An e-mail that picks were asked for."""

    at: datetime
    send_id: str
    product_ids: list[str]


class Profile(msgspec.Struct, frozen=True):
    """One customer, as of now. Figures that cannot be told are null: nothing is guessed without a model.

    known: the history has an order or a live event of theirs. revenue: in `currency`, net of discounts and of
    what was given back; what was ordered since the last training counts at its price on the shelf.
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
    last_contacts: list[Contact] = []
    degraded_reasons: list[str] = []


class Basket(NamedTuple):
    """A live order: epoch s, items (int32 rows), and the money of it at the prices on the shelf."""

    at: float
    items: tuple[int, ...]
    revenue: float

    @property
    def day(self) -> int:
        return int(self.at // DAY_S)


class Past(NamedTuple):
    """Orders, money, and the times of the first and last order, epoch s (0: none)."""

    orders: int
    revenue: float
    first: float
    last: float


def profile(
    customer_id: str,
    bundle: Bundle | None,
    shelf: Shelf | None,
    purchases: Sequence[Purchase],
    plan: TierPlan | None,
    now: float,
    rng: np.random.Generator,
) -> Profile:
    """purchases: what the store remembers of them; those that training has seen count once. now: epoch s."""
    if bundle is None or shelf is None or bundle.tables.people is None:
        return Profile(customer_id, known=bool(purchases), degraded_reasons=["no_model"])
    people, row = bundle.tables.people, bundle.tables.customers.row(customer_id)
    fresh = [order for order in purchases if order.received_ms > bundle.manifest.data_until_ms]
    baskets = sorted(_basket(order, bundle, shelf) for order in fresh)
    told = _told(customer_id, people, row, known=row >= 0 or bool(purchases))
    past = _past(people, row, baskets)
    if not past.orders:
        return told
    told = _standing(told, people, past, plan, now)
    today = int(now // DAY_S)
    return replace(
        _worth(told, people, row, baskets, today, rng),
        reorders=_reorders(bundle, people, row, baskets, today),
        affinities=affinities(
            bundle.tables, people, row, [item for basket in baskets for item in basket.items]
        ),
    )


def standing(
    customer_id: str,
    bundle: Bundle,
    shelf: Shelf,
    purchases: Sequence[Purchase],
    plan: TierPlan | None,
    now: float,
) -> Profile:
    """Orders so far, segment and tier alone: what a decision needs at once. Arguments as for `profile`."""
    people, row = bundle.tables.people, bundle.tables.customers.row(customer_id)
    if people is None:
        return Profile(customer_id, known=bool(purchases), orders=len(purchases))
    fresh = [order for order in purchases if order.received_ms > bundle.manifest.data_until_ms]
    told = _told(customer_id, people, row, known=row >= 0 or bool(purchases))
    past = _past(people, row, [_basket(order, bundle, shelf) for order in fresh])
    return _standing(told, people, past, plan, now) if past.orders else told


def _told(customer_id: str, people: People, row: int, *, known: bool) -> Profile:
    """What they said of themselves."""
    facts = people.facts
    consent = int(facts.consent[row]) if row >= 0 else -1
    return Profile(
        customer_id,
        known,
        currency=facts.word(facts.currency, row),
        channel=facts.word(facts.channel, row),
        country=facts.word(facts.country, row),
        language=facts.word(facts.language, row),
        consent=bool(consent) if consent >= 0 else None,
    )


def _basket(order: Purchase, bundle: Bundle, shelf: Shelf) -> Basket:
    pairs = zip(order.product_ids, order.quantities, strict=True)
    rows = [(bundle.tables.products.row(product), quantity) for product, quantity in pairs]
    sold = [(item, quantity) for item, quantity in rows if item >= 0]
    money = sum(float(np.nan_to_num(shelf.price[item])) * quantity for item, quantity in sold)
    return Basket(order.at_ms / 1000, tuple(item for item, _ in sold), money)


def _past(people: People, row: int, baskets: Sequence[Basket]) -> Past:
    facts = people.facts
    trained = row >= 0 and facts.orders[row] > 0
    times = [basket.at for basket in baskets]
    times += [float(facts.first[row]), float(facts.last[row])] if trained else []
    return Past(
        orders=len(baskets) + (int(facts.orders[row]) if trained else 0),
        revenue=sum(basket.revenue for basket in baskets) + (float(facts.revenue[row]) if trained else 0.0),
        first=min(times, default=0.0),
        last=max(times, default=0.0),
    )


def _standing(told: Profile, people: People, past: Past, plan: TierPlan | None, now: float) -> Profile:
    """Orders so far, and the segment and tier that they make."""
    gone_days, span_days = max(now - past.last, 0.0) / DAY_S, (past.last - past.first) / DAY_S
    segment = segment_of(past.orders, past.revenue, span_days, gone_days, people.rhythm)
    return replace(
        told,
        orders=past.orders,
        revenue=round(past.revenue, 2),
        first_order=_date(past.first / DAY_S),
        last_order=_date(past.last / DAY_S),
        recency_days=round(gone_days, 2),
        segment=segment.name if segment else None,
        vip=is_vip(past.orders, past.revenue, people.rhythm),
        tier=tier_standing(plan, past.revenue) if plan else None,
    )


def _worth(
    told: Profile, people: People, row: int, baskets: Sequence[Basket], today: int, rng: np.random.Generator
) -> Profile:
    """What the value model expects, live orders included."""
    value, customer = people.value, people.value.customer(row)
    for basket in baskets:
        customer = customer.ordered(basket.day, basket.revenue)
    if customer.first_day[0] == NEVER:
        return told
    today = max(today, int(customer.last_day[0]))
    found = forecast(value, customer, today)
    held = intervals(value, customer, today, found, rng)
    return replace(
        told,
        p_alive=_rounded(found.p_alive[0]),
        churn_risk=_rounded(found.churn_risk[0]),
        expected_orders_90d=_estimate(found.orders[0, SOON], held.orders[0, SOON]),
        predicted_clv_365d=_estimate(found.revenue[0, YEAR], held.revenue[0, YEAR]),
        next_order_date=_expected(*next_order_days(value, customer, today)[0]),
    )


def _reorders(
    bundle: Bundle, people: People, row: int, baskets: Sequence[Basket], today: int
) -> list[Refill]:
    """What they are most likely to buy again, by day."""
    habits = people.reorder.of(row)
    for basket in baskets:
        habits = _bought(habits, basket)
    if not len(habits.item):
        return []
    found = due(people.reorder, habits, today)
    likely = np.flatnonzero(found.chance >= LEAST_CHANCE)
    best = likely[np.argsort(-found.chance[likely], kind="stable")[:MOST_REORDERS]]
    return [
        Refill(
            product_id=bundle.tables.products.name(int(habits.item[place])),
            bought=int(habits.times[place]),
            next=_expected(found.day[place], found.earliest[place], found.latest[place]),
            chance=_rounded(found.chance[place]),
        )
        for place in sorted(best.tolist(), key=lambda place: float(found.day[place]))
    ]


def _bought(habits: Habits, basket: Basket) -> Habits:
    for item in dict.fromkeys(basket.items):
        known = np.flatnonzero(habits.item == item)
        if len(known):
            habits = habits.bought(int(known[0]), basket.day)
        else:
            begun = Habits.begun(item, basket.day)
            habits = Habits(*(np.concatenate(pair) for pair in zip(habits, begun, strict=True)))
    return habits


def _estimate(value: float, ends: Floats) -> Estimate:
    return Estimate(_rounded(value), _rounded(ends[0]), _rounded(ends[1]))


def _expected(day: float, earliest: float, latest: float) -> Expected:
    return Expected(_date(day), _date(earliest), _date(latest))


def _rounded(value: float) -> float:
    return round(float(value), 4)


def _date(day: float) -> date:
    """By a day's number since 1970; what lies beyond the calendar is its end."""
    return date(1970, 1, 1) + timedelta(days=int(min(max(day, 0), LAST_DAY)))
