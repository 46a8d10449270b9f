"""One customer's profile from a bundle, live orders and the merchant's tiers."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from features.live.shopper_state import Purchase
from features.time_units import DAY_S
from recommender.arrays.id_map import NO_ROW
from recommender.customers.affinities import affinities_of
from recommender.customers.profile import Ahead, Expected, IntervalEstimate, Profile, date_within_calendar
from recommender.customers.refills import Basket, basket_of, refills
from recommender.customers.tiers import TierPlan, tier_status
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from recommender.model.customer_tables import CustomerTable
from recommender.value.customer_value import NO_DAY, Customers, CustomerValue
from recommender.value.forecast import (
    DAYS_90,
    DAYS_365,
    HORIZONS_DAYS,
    Forecast,
    forecast,
    orders_ahead,
    orders_in_a_year,
)
from recommender.value.segments import is_vip, segment_of
from recommender.value.value_intervals import Intervals, intervals, next_order_days


class CustomerOrders(NamedTuple):
    """Orders, money, and the times of the first and last order, epoch s (0: none)."""

    orders: int
    revenue: float
    first: float
    last: float


def build_profile(
    customer_id: str,
    bundle: Bundle | None,
    availability: Availability | None,
    purchases: Sequence[Purchase],
    plan: TierPlan | None,
    now: float,
    rng: np.random.Generator,
) -> Profile:
    """purchases: their live orders; those that training already has are left out. now: epoch s."""
    if bundle is None or availability is None or bundle.tables.people is None:
        return Profile(customer_id, known=bool(purchases), degraded_reasons=["no_model"])
    customers, row = bundle.tables.people, bundle.tables.customers.row(customer_id)
    fresh = [order for order in purchases if order.received_ms > bundle.manifest.data_until_ms]
    baskets = sorted(basket_of(order, bundle, availability) for order in fresh)
    profile = _stated_profile(customer_id, customers, row, known=row >= 0 or bool(purchases))
    totals = _order_totals(customers, row, baskets)
    if not totals.orders:
        return profile
    today = int(now // DAY_S)
    customer = _with_live_orders(customers.value, row, baskets)
    profile = _with_orders(profile, customers, totals, plan, now, customer, NO_ROW if baskets else row)
    return replace(
        _with_forecast(profile, customers.value, customer, today, rng),
        reorders=refills(bundle, customers, row, baskets, today),
        affinities=affinities_of(
            bundle.tables, customers, row, [item for basket in baskets for item in basket.items]
        ),
    )


def brief_profile(
    customer_id: str,
    bundle: Bundle,
    availability: Availability,
    purchases: Sequence[Purchase],
    plan: TierPlan | None,
    now: float,
) -> Profile:
    """Only orders so far, segment and tier, for decisions within a request. Arguments as `build_profile`."""
    customers, row = bundle.tables.people, bundle.tables.customers.row(customer_id)
    if customers is None:
        return Profile(customer_id, known=bool(purchases), orders=len(purchases))
    fresh = [order for order in purchases if order.received_ms > bundle.manifest.data_until_ms]
    profile = _stated_profile(customer_id, customers, row, known=row >= 0 or bool(purchases))
    baskets = sorted(basket_of(order, bundle, availability) for order in fresh)
    totals = _order_totals(customers, row, baskets)
    if not totals.orders:
        return profile
    customer = _with_live_orders(customers.value, row, baskets)
    return _with_orders(profile, customers, totals, plan, now, customer, NO_ROW if baskets else row)


def _stated_profile(customer_id: str, customers: CustomerTable, row: int, *, known: bool) -> Profile:
    """What training knows that no model computed: currency, channel, country, language, consent."""
    facts = customers.facts
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


def _order_totals(customers: CustomerTable, row: int, baskets: Sequence[Basket]) -> CustomerOrders:
    facts = customers.facts
    trained = row >= 0 and facts.orders[row] > 0
    times = [basket.at for basket in baskets]
    times += [float(facts.first[row]), float(facts.last[row])] if trained else []
    return CustomerOrders(
        orders=len(baskets) + (int(facts.orders[row]) if trained else 0),
        revenue=sum(basket.revenue for basket in baskets) + (float(facts.revenue[row]) if trained else 0.0),
        first=min(times, default=0.0),
        last=max(times, default=0.0),
    )


def _with_live_orders(value: CustomerValue, row: int, baskets: Sequence[Basket]) -> Customers:
    """One customer as of now. baskets: of the orders that training has not seen, oldest first."""
    customer = value.customer(row)
    for basket in baskets:
        customer = customer.ordered(basket.day, basket.revenue)
    return customer


def _orders_in_a_year(value: CustomerValue, row: int, customer: Customers, today: int) -> float:
    """row: NO_ROW of a customer who ordered since the training."""
    if customer.first_day[0] == NO_DAY:
        return 0.0
    last = int(customer.last_day[0])
    if row >= 0 and last <= today:
        return orders_in_a_year(value, row, today)
    today = max(today, last)
    summary = customer.summary(today, value.calendar)
    return float(orders_ahead(value, customer, summary, today)[0, DAYS_365])


def _with_orders(
    profile: Profile,
    customers: CustomerTable,
    totals: CustomerOrders,
    plan: TierPlan | None,
    now: float,
    customer: Customers,
    row: int,
) -> Profile:
    """Adds orders so far, and the segment and tier that follow from them and from what is expected. row:
    NO_ROW of a customer who ordered since the training."""
    recency_days, span_days = max(now - totals.last, 0.0) / DAY_S, (totals.last - totals.first) / DAY_S
    expected = partial(_orders_in_a_year, customers.value, row, customer, int(now // DAY_S))
    segment = segment_of(totals.orders, totals.revenue, span_days, recency_days, customers.rhythm, expected)
    return replace(
        profile,
        orders=totals.orders,
        revenue=round(totals.revenue, 2),
        first_order=date_within_calendar(totals.first / DAY_S),
        last_order=date_within_calendar(totals.last / DAY_S),
        recency_days=round(recency_days, 2),
        segment=segment.name if segment else None,
        vip=is_vip(totals.orders, totals.revenue, customers.rhythm),
        tier=tier_status(plan, totals.revenue) if plan else None,
    )


def _with_forecast(
    profile: Profile, value: CustomerValue, customer: Customers, today: int, rng: np.random.Generator
) -> Profile:
    """Adds what the value model expects."""
    if customer.first_day[0] == NO_DAY:
        return profile
    today = max(today, int(customer.last_day[0]))
    expected = forecast(value, customer, today)
    ranges = intervals(value, customer, today, expected, rng)
    ahead = [_ahead(expected, ranges, horizon) for horizon in range(len(HORIZONS_DAYS))]
    return replace(
        profile,
        p_alive=None if np.isnan(expected.p_alive[0]) else round(float(expected.p_alive[0]), 4),
        churn_risk=round(float(expected.churn_risk[0]), 4),
        expected_orders_90d=ahead[DAYS_90].orders,
        predicted_clv_365d=ahead[DAYS_365].revenue,
        ahead=ahead,
        next_order_date=Expected.of(*next_order_days(value, customer, today)[0]),
    )


def _ahead(expected: Forecast, ranges: Intervals, horizon: int) -> Ahead:
    """What is expected within one of HORIZONS_DAYS, by its index."""
    revenue, ends = expected.revenue[0, horizon], ranges.revenue[0, horizon]
    share = expected.margin[0, horizon] / max(revenue, 1e-12)
    return Ahead(
        days=HORIZONS_DAYS[horizon],
        orders=IntervalEstimate.of(expected.orders[0, horizon], ranges.orders[0, horizon]),
        revenue=IntervalEstimate.of(revenue, ends),
        margin=None if np.isnan(share) else IntervalEstimate.of(revenue * share, ends * share),
    )
