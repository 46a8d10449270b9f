"""A visit that ended without a cart."""

from collections.abc import Iterator

from features.time_units import DAY_MS, HOUR_MS
from recommender.lifecycle.vocabulary.customer import Customer
from recommender.lifecycle.vocabulary.occasion import Occasion, OccasionReason
from recommender.lifecycle.vocabulary.settings import Settings

LASTS_HOURS = 72


def occasions(customer: Customer, _now_ms: int, settings: Settings) -> Iterator[Occasion]:
    """For the products viewed within the day before the last view; carts have their own messages."""
    options, state = settings.abandoned_browse, customer.state
    last = max((look.last_ms for look in state.looks.values()), default=0)
    if not last or state.cart_since_ms or customer.ordered_since(last - DAY_MS):
        return
    looked = [product for product, look in state.looks.items() if look.last_ms > last - DAY_MS]
    products = customer.sold(tuple(reversed(looked)), settings)
    if len(looked) < options.least_products or not products:
        return
    due = last + int(options.after_hours * HOUR_MS)
    yield Occasion(
        kind="abandoned_browse",
        key=f"abandoned_browse:{last}",
        due_ms=due,
        expires_ms=due + LASTS_HOURS * HOUR_MS,
        reason=OccasionReason(
            "looked_around",
            f"They looked at {len(looked)} products and left.",
            {"products": len(looked), "last_look_ms": last},
        ),
        products=products,
    )
