"""Messages after an order: thanks, onboarding, a request for a review, cross-selling."""

from collections.abc import Iterator
from typing import Any

from features.live.shopper_state import Purchase
from features.time_units import DAY_MS, HOUR_MS
from recommender.lifecycle.messages.series import steps
from recommender.lifecycle.vocabulary.customer import Customer
from recommender.lifecycle.vocabulary.occasion import Guide, MessageKind, Occasion, OccasionReason
from recommender.lifecycle.vocabulary.settings import Settings

LASTS_DAYS, THANKS_LAST_DAYS = 14, 3


def occasions(customer: Customer, _now_ms: int, settings: Settings) -> Iterator[Occasion]:
    """For each order in the live log that was not refunded as a whole."""
    orders = sorted(customer.state.shopper.purchases, key=lambda order: order.at_ms)
    before = customer.stats.orders - len(orders)
    for number, order in enumerate(orders, max(before, 0) + 1):
        delivered = order.at_ms + int(delivery_days(customer, settings) * DAY_MS)
        yield from _thanks(order, number, settings)
        yield from _review(customer, order, delivered, settings)
        if number == 1:
            yield from _onboarding(customer, order, delivered, settings)
        yield from _tips(customer, order, delivered, settings)
        if order is orders[-1]:
            yield from _cross_sell(order, delivered, settings)


def delivery_days(customer: Customer, settings: Settings) -> float:
    """Days until an order of theirs arrives."""
    country = customer.state.value("country") or customer.person.country or ""
    return settings.delivery.by_country.get(country, settings.delivery.days)


def _thanks(order: Purchase, number: int, settings: Settings) -> Iterator[Occasion]:
    if number in settings.thank_you.orders:
        due = order.at_ms + int(settings.thank_you.after_hours * HOUR_MS)
        text = "It was their first order." if number == 1 else f"It was their order number {number}."
        reason = OccasionReason("ordered", text, _evidence(order, number=number))
        products = order.product_ids[: settings.products]
        yield _occasion("thank_you", order, due, reason, products, THANKS_LAST_DAYS)


def guides_of(customer: Customer, product_id: str, settings: Settings) -> tuple[Guide, ...]:
    """The merchant's guides on a product."""
    category = customer.products.category(product_id) if settings.guides else None
    return tuple(
        Guide(id=each.id, title=each.title, url=each.url)
        for each in settings.guides
        if each.is_about(product_id, category)
    )


def _tips(customer: Customer, order: Purchase, delivered_ms: int, settings: Settings) -> Iterator[Occasion]:
    """Once for each guide, with the first order of a product that it is about."""
    due = delivered_ms + int(settings.usage_tips.after_days * DAY_MS)
    for product in order.product_ids:
        for guide in guides_of(customer, product, settings):
            yield Occasion(
                kind="usage_tips",
                key=f"usage_tips:{guide.id}",
                due_ms=due,
                expires_ms=due + LASTS_DAYS * DAY_MS,
                reason=OccasionReason(
                    "bought_with_guide", "There is a guide to what they bought.", _evidence(order)
                ),
                products=(product,),
                guides=(guide,),
                together=True,
            )


def _onboarding(
    customer: Customer, order: Purchase, delivered_ms: int, settings: Settings
) -> Iterator[Occasion]:
    products = order.product_ids[: settings.products]
    guides = dict.fromkeys(guide for each in products for guide in guides_of(customer, each, settings))
    days = settings.onboarding.after_days
    for step, due, expires in steps(days, DAY_MS, delivered_ms, LASTS_DAYS):
        reason = OccasionReason("first_delivery", "Their first order should have arrived.", _evidence(order))
        yield Occasion(
            kind="onboarding",
            key=f"onboarding:{order.order_id}:{step}",
            due_ms=due,
            expires_ms=expires,
            reason=reason,
            products=products,
            step=step,
            guides=tuple(guides),
        )


def _review(customer: Customer, order: Purchase, delivered_ms: int, settings: Settings) -> Iterator[Occasion]:
    """For products that they did not review yet."""
    products = tuple(p for p in order.product_ids if p not in customer.state.reviewed)[: settings.products]
    if products:
        due = delivered_ms + int(settings.review_request.after_days * DAY_MS)
        reason = OccasionReason("delivered", "They had time to try what they ordered.", _evidence(order))
        yield _occasion("review_request", order, due, reason, products, LASTS_DAYS)


def _cross_sell(order: Purchase, delivered_ms: int, settings: Settings) -> Iterator[Occasion]:
    """Of the newest order only: another order brings its own."""
    due = delivered_ms + int(settings.cross_sell.after_days * DAY_MS)
    reason = OccasionReason("goes_with_order", "What others bought with their last order.", _evidence(order))
    yield Occasion(
        kind="cross_sell",
        key=f"cross_sell:{order.order_id}",
        due_ms=due,
        expires_ms=due + LASTS_DAYS * DAY_MS,
        reason=reason,
        suggested="cross_sell",
    )


def _occasion(
    kind: MessageKind,
    order: Purchase,
    due_ms: int,
    reason: OccasionReason,
    products: tuple[str, ...],
    days: int,
) -> Occasion:
    return Occasion(
        kind=kind,
        key=f"{kind}:{order.order_id}",
        due_ms=due_ms,
        expires_ms=due_ms + days * DAY_MS,
        reason=reason,
        products=products,
    )


def _evidence(order: Purchase, **more: Any) -> dict[str, Any]:
    return {"order_id": order.order_id, "ordered_ms": order.at_ms, **more}
