"""A product that the customer showed interest in is back in stock, or costs less."""

from collections.abc import Iterator

from features.live.customer_facts import CustomerState
from features.time_units import DAY_MS
from recommender.lifecycle.vocabulary.customer import Customer, LiveProduct
from recommender.lifecycle.vocabulary.occasion import Occasion, OccasionReason
from recommender.lifecycle.vocabulary.settings import Settings

LASTS_DAYS = 5


def interests(state: CustomerState) -> dict[str, int]:
    """Products they showed interest in and have not bought since -> when last, epoch ms."""
    oldest_first = reversed(state.shopper.purchases)
    bought = {product: order.at_ms for order in oldest_first for product in order.product_ids}
    interest = {product: look.last_ms for product, look in state.looks.items()}
    interest |= dict.fromkeys(state.shopper.cart, state.cart_changed_ms)
    return {product: at for product, at in interest.items() if bought.get(product, 0) < at}


def occasions(customer: Customer, _now_ms: int, settings: Settings) -> Iterator[Occasion]:
    """One for each product and change; it ends when they buy the product, or the change is undone."""
    for product, at_ms in interests(customer.state).items():
        live = customer.products.live_product(product)
        if live is not None and live.in_stock:
            yield from _back(customer.state, product, at_ms, live, settings)
            yield from _dropped(product, at_ms, live, settings)


def _back(
    state: CustomerState, product: str, at_ms: int, live: LiveProduct, settings: Settings
) -> Iterator[Occasion]:
    """For who viewed it while it was sold out, or has it on a list or in the cart."""
    look = state.looks.get(product)
    saved = product in state.shopper.cart or (look is not None and look.wished)
    days = settings.back_in_stock.interest_days
    if live.back_ms and _within(at_ms, live.back_ms, days) and (saved or at_ms >= live.out_ms):
        yield Occasion(
            kind="back_in_stock",
            key=f"back_in_stock:{product}:{live.back_ms}",
            due_ms=live.back_ms,
            expires_ms=live.back_ms + LASTS_DAYS * DAY_MS,
            reason=OccasionReason(
                "back_in_stock",
                "They wanted it while it was sold out, and it is there again.",
                {"product_id": product, "wanted_ms": at_ms, "back_ms": live.back_ms},
            ),
            products=(product,),
            together=True,
        )


def _dropped(product: str, at_ms: int, live: LiveProduct, settings: Settings) -> Iterator[Occasion]:
    """For who showed interest before the price fell, while it is still that low."""
    options = settings.price_drop
    share = 1 - live.price / live.price_before if live.price_before > 0 else 0.0
    if (
        live.dropped_ms
        and share >= options.least_drop
        and _within(at_ms, live.dropped_ms, options.interest_days)
    ):
        yield Occasion(
            kind="price_drop",
            key=f"price_drop:{product}:{live.dropped_ms}",
            due_ms=live.dropped_ms,
            expires_ms=live.dropped_ms + LASTS_DAYS * DAY_MS,
            reason=OccasionReason(
                "price_drop",
                f"They wanted it at {live.price_before:.2f}; now it costs {live.price:.2f}.",
                {"product_id": product, "price_before": live.price_before, "price": live.price},
            ),
            products=(product,),
            together=True,
        )


def _within(at_ms: int, news_ms: int, days: float) -> bool:
    return news_ms - days * DAY_MS <= at_ms <= news_ms
