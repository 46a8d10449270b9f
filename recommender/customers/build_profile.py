"""`profile`: what a bundle, live orders and the merchant's tiers say of one customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from features.live.shopper_state import Purchase
from features.time_units import DAY_S
from recommender.customers.affinities import affinities
from recommender.customers.profile import Ahead, Estimate, Expected, Profile, day_of
from recommender.customers.refills import Basket, basket_of, refills
from recommender.customers.tiers import TierPlan, tier_standing
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from recommender.model.customer_tables import CustomerTable
from recommender.value.customer_value import HORIZONS_DAYS, NEVER, Forecast, forecast
from recommender.value.segments import is_vip, segment_of
from recommender.value.value_intervals import Intervals, intervals, next_order_days

SOON, YEAR = HORIZONS_DAYS.index(90), HORIZONS_DAYS.index(365)


class Past(NamedTuple):
    """Orders, money, and the times of the first and last order, epoch s (0: none)."""

    orders: int
    revenue: float
    first: float
    last: float


def profile(
    customer_id: str,
    bundle: Bundle | None,
    shelf: Availability | None,
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
    baskets = sorted(basket_of(order, bundle, shelf) for order in fresh)
    told = _told(customer_id, people, row, known=row >= 0 or bool(purchases))
    past = _past(people, row, baskets)
    if not past.orders:
        return told
    told = _standing(told, people, past, plan, now)
    today = int(now // DAY_S)
    return replace(
        _worth(told, people, row, baskets, today, rng),
        reorders=refills(bundle, people, row, baskets, today),
        affinities=affinities(
            bundle.tables, people, row, [item for basket in baskets for item in basket.items]
        ),
    )


def standing(
    customer_id: str,
    bundle: Bundle,
    shelf: Availability,
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
    past = _past(people, row, [basket_of(order, bundle, shelf) for order in fresh])
    return _standing(told, people, past, plan, now) if past.orders else told


def _told(customer_id: str, people: CustomerTable, row: int, *, known: bool) -> Profile:
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


def _past(people: CustomerTable, row: int, baskets: Sequence[Basket]) -> Past:
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


def _standing(told: Profile, people: CustomerTable, past: Past, plan: TierPlan | None, now: float) -> Profile:
    """Orders so far, and the segment and tier that they make."""
    gone_days, span_days = max(now - past.last, 0.0) / DAY_S, (past.last - past.first) / DAY_S
    segment = segment_of(past.orders, past.revenue, span_days, gone_days, people.rhythm)
    return replace(
        told,
        orders=past.orders,
        revenue=round(past.revenue, 2),
        first_order=day_of(past.first / DAY_S),
        last_order=day_of(past.last / DAY_S),
        recency_days=round(gone_days, 2),
        segment=segment.name if segment else None,
        vip=is_vip(past.orders, past.revenue, people.rhythm),
        tier=tier_standing(plan, past.revenue) if plan else None,
    )


def _worth(
    told: Profile,
    people: CustomerTable,
    row: int,
    baskets: Sequence[Basket],
    today: int,
    rng: np.random.Generator,
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
    ahead = [_ahead(found, held, place) for place in range(len(HORIZONS_DAYS))]
    return replace(
        told,
        p_alive=round(float(found.p_alive[0]), 4),
        churn_risk=round(float(found.churn_risk[0]), 4),
        expected_orders_90d=ahead[SOON].orders,
        predicted_clv_365d=ahead[YEAR].revenue,
        ahead=ahead,
        next_order_date=Expected.of(*next_order_days(value, customer, today)[0]),
    )


def _ahead(found: Forecast, held: Intervals, place: int) -> Ahead:
    """Of one of the horizons."""
    revenue, ends = found.revenue[0, place], held.revenue[0, place]
    share = found.margin[0, place] / max(revenue, 1e-12)
    return Ahead(
        days=HORIZONS_DAYS[place],
        orders=Estimate.of(found.orders[0, place], held.orders[0, place]),
        revenue=Estimate.of(revenue, ends),
        margin=None if np.isnan(share) else Estimate.of(revenue * share, ends * share),
    )
