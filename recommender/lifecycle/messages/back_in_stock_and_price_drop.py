"""News of a product that somebody wanted: it is there again, or costs less."""

from __future__ import annotations

from collections.abc import Iterator

from features.live.customer_facts import CustomerState
from features.time_units import DAY_MS
from recommender.lifecycle.vocabulary.customer import Customer, Good
from recommender.lifecycle.vocabulary.occasion import Occasion, Reason
from recommender.lifecycle.vocabulary.settings import Settings

LASTS_DAYS = 5


def wanted(life: CustomerState) -> dict[str, int]:
    """Products they showed interest in and have not bought since -> when last, epoch ms."""
    oldest_first = reversed(life.shopper.purchases)
    bought = {product: order.at_ms for order in oldest_first for product in order.product_ids}
    interest = {product: look.last_ms for product, look in life.looks.items()}
    interest |= dict.fromkeys(life.shopper.cart, life.cart_changed_ms)
    return {product: at for product, at in interest.items() if bought.get(product, 0) < at}


def occasions(customer: Customer, _now_ms: int, settings: Settings) -> Iterator[Occasion]:
    """One for each product and piece of news; it ends when they buy it, or the news is no longer true."""
    for product, at_ms in wanted(customer.life).items():
        good = customer.goods.good(product)
        if good is not None and good.in_stock:
            yield from _back(customer.life, product, at_ms, good, settings)
            yield from _dropped(product, at_ms, good, settings)


def _back(
    life: CustomerState, product: str, at_ms: int, good: Good, settings: Settings
) -> Iterator[Occasion]:
    """They looked while it was sold out, or had it on a list or in the cart."""
    look = life.looks.get(product)
    kept = product in life.shopper.cart or (look is not None and look.wished)
    days = settings.back_in_stock.interest_days
    if good.back_ms and _recent(at_ms, good.back_ms, days) and (kept or at_ms >= good.out_ms):
        yield Occasion(
            kind="back_in_stock",
            key=f"back_in_stock:{product}:{good.back_ms}",
            due_ms=good.back_ms,
            expires_ms=good.back_ms + LASTS_DAYS * DAY_MS,
            reason=Reason(
                "back_in_stock",
                "They wanted it while it was sold out, and it is there again.",
                {"product_id": product, "wanted_ms": at_ms, "back_ms": good.back_ms},
            ),
            products=(product,),
            together=True,
        )


def _dropped(product: str, at_ms: int, good: Good, settings: Settings) -> Iterator[Occasion]:
    """They looked before the price fell, and it is still that low."""
    asked = settings.price_drop
    share = 1 - good.price / good.price_before if good.price_before > 0 else 0.0
    if good.dropped_ms and share >= asked.least_drop and _recent(at_ms, good.dropped_ms, asked.interest_days):
        yield Occasion(
            kind="price_drop",
            key=f"price_drop:{product}:{good.dropped_ms}",
            due_ms=good.dropped_ms,
            expires_ms=good.dropped_ms + LASTS_DAYS * DAY_MS,
            reason=Reason(
                "price_drop",
                f"They wanted it at {good.price_before:.2f}; now it costs {good.price:.2f}.",
                {"product_id": product, "price_before": good.price_before, "price": good.price},
            ),
            products=(product,),
            together=True,
        )


def _recent(at_ms: int, news_ms: int, days: float) -> bool:
    return news_ms - days * DAY_MS <= at_ms <= news_ms
