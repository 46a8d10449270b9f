"""Where a customer stands between looking and staying away, for advertising. Pure."""

from collections.abc import Collection
from typing import NamedTuple

from features.connections.audience_file import Stage
from features.live.customer_facts import CustomerState
from features.time_units import DAY_MS
from recommender.customers.profile import Profile

RECENT_MS = 30 * DAY_MS
MOST_PRODUCTS = 10
LAPSED = frozenset({"one-time", "at risk", "about to leave", "lost"})
"""Segments of customers who stay away for longer than usual."""


class Journey(NamedTuple):
    """products: what they put into the cart, or looked at, and have not bought, the newest first."""

    stage: Stage
    products: tuple[str, ...] = ()


def journey(state: CustomerState, profile: Profile, bought: Collection[str], now_ms: int) -> Journey | None:
    """The customer's stage; None of who is none of these.

    carted: a cart filled since the last order; bought: an order in the last 30 days, not to be advertised to;
    viewed: looked at something in that time; lapsed: silent for longer than is usual for them. profile: with
    live orders; bought: products, ever.
    """
    recency_days = profile.recency_days
    ordered_ms = 0 if recency_days is None else now_ms - int(recency_days * DAY_MS)
    recent_ms = now_ms - RECENT_MS
    cart = [product for product in reversed(state.shopper.cart) if product not in bought]
    if cart and state.cart_changed_ms > max(recent_ms, ordered_ms):
        return Journey("carted", tuple(cart[:MOST_PRODUCTS]))
    if ordered_ms > recent_ms:
        return Journey("bought")
    looks = sorted(
        (name for name, look in state.looks.items() if look.last_ms > recent_ms and name not in bought),
        key=lambda name: -state.looks[name].last_ms,
    )
    if looks:
        return Journey("viewed", tuple(looks[:MOST_PRODUCTS]))
    return Journey("lapsed") if profile.segment in LAPSED else None
