"""What a customer's live state adds to the profile: browsing, cart, service, points, what they told."""

from datetime import UTC, datetime

from msgspec.structs import replace

from features.live.customer_facts import DEMOGRAPHICS, POINTS_ADDED, POINTS_REDEEMED, CustomerState
from recommender.customers.profile import Answered, LiveCart, Points, Profile, Ticket, Viewed
from recommender.customers.tiers import TierPlan

MOST_VIEWED, MOST_TICKETS = 20, 20


def with_live_state(profile: Profile, state: CustomerState, plan: TierPlan | None) -> Profile:
    """The profile, updated by what is known of the customer now."""
    consents = state.all_consents()
    trained_consents = {} if profile.consent is None else {"email": profile.consent}
    return replace(
        profile,
        known=profile.known or not state.is_empty,
        country=state.value("country") or profile.country,
        language=state.value("language") or profile.language,
        consent=consents.get("email", profile.consent),
        consents=trained_consents | consents,
        demographics={name: value for name in DEMOGRAPHICS if (value := state.value(name)) is not None},
        viewed=_viewed(state),
        cart=_cart(state),
        tickets=_tickets(state),
        survey=_answered(state, "survey"),
        rating=_answered(state, "rating"),
        points=_points(profile, state, plan),
    )


def _viewed(state: CustomerState) -> list[Viewed]:
    newest = sorted(state.looks.items(), key=lambda each: -each[1].last_ms)[:MOST_VIEWED]
    return [Viewed(product, look.times, _moment(look.last_ms), look.wished) for product, look in newest]


def _cart(state: CustomerState) -> LiveCart | None:
    if not state.shopper.cart or not state.cart_since_ms:
        return None
    products = dict(reversed(state.shopper.cart.items()))
    return LiveCart(products, _moment(state.cart_since_ms), _moment(state.cart_changed_ms))


def _tickets(state: CustomerState) -> list[Ticket]:
    tickets = [
        Ticket(name.removeprefix("ticket:"), fact.value != "closed", _moment(fact.at_ms))
        for name, fact in state.facts.items()
        if name.startswith("ticket:")
    ]
    return sorted(tickets, key=lambda each: (each.open, each.at), reverse=True)[:MOST_TICKETS]


def _answered(state: CustomerState, name: str) -> Answered | None:
    value = state.number(name)
    return None if value is None else Answered(value, _moment(state.at_ms(name)))


def _points(profile: Profile, state: CustomerState, plan: TierPlan | None) -> Points | None:
    """None: the shop counts none."""
    by_orders = plan is not None and plan.by == "points"
    added, redeemed = state.number(POINTS_ADDED), state.number(POINTS_REDEEMED)
    if not by_orders and added is None and redeemed is None:
        return None
    earned = profile.tier.score if by_orders and profile.tier else 0.0
    balance = earned + (added or 0.0) - (redeemed or 0.0)
    return Points(earned, added or 0.0, redeemed or 0.0, balance)


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)
