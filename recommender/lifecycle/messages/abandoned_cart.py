"""A cart that was left: a series that ends when it is bought, emptied, or sold out."""

from collections.abc import Iterator

from features.time_units import HOUR_MS
from recommender.lifecycle.messages.series import steps
from recommender.lifecycle.vocabulary.customer import Customer
from recommender.lifecycle.vocabulary.occasion import Occasion, OccasionReason
from recommender.lifecycle.vocabulary.settings import Settings

LAST_STEP_HOURS = 48.0


def occasions(customer: Customer, _now_ms: int, settings: Settings) -> Iterator[Occasion]:
    """Any order after the cart's last change ends the series, also one of other products."""
    state = customer.state
    if not state.cart_since_ms or customer.ordered_since(state.cart_changed_ms):
        return
    products = customer.sold(tuple(reversed(state.shopper.cart)), settings)
    if not products:
        return
    n = len(state.shopper.cart)
    what = "a product" if n == 1 else f"{n} products"
    evidence = {"products": n, "changed_ms": state.cart_changed_ms}
    reason = OccasionReason("left_cart", f"They left {what} in the cart.", evidence)
    after = settings.abandoned_cart.after_hours
    for step, due, expires in steps(after, HOUR_MS, state.cart_changed_ms, LAST_STEP_HOURS):
        yield Occasion(
            kind="abandoned_cart",
            key=f"abandoned_cart:{state.cart_since_ms}:{step}",
            due_ms=due,
            expires_ms=expires,
            reason=reason,
            products=products,
            step=step,
        )
