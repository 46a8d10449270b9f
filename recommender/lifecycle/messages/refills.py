"""Products due to be bought again: one product, or the usual order as a whole."""

from collections.abc import Iterator
from datetime import UTC, datetime

from features.time_units import DAY_MS
from recommender.lifecycle.vocabulary.customer import Customer, RefillForecast
from recommender.lifecycle.vocabulary.occasion import MessageKind, Occasion, OccasionReason
from recommender.lifecycle.vocabulary.settings import Settings
from recommender.value.reorder_timing import BOUGHT_ELSEWHERE

SOON_DAYS = 2.0  # later ones can wait, as the next check comes before


def occasions(customer: Customer, now_ms: int, settings: Settings) -> Iterator[Occasion]:
    """From `lead_days` before the expected day; a purchase moves the day, and so ends it."""
    options = settings.reorder
    coming = [
        each
        for each in customer.refills
        if each.orders >= options.least_orders
        and each.chance >= options.least_chance
        and each.due_day - options.lead_days < now_ms / DAY_MS + SOON_DAYS
        and now_ms < _expires_ms(each)
        and each.product_id not in customer.state.shopper.cart
        and customer.sold((each.product_id,), settings)
    ]
    due = [each for each in coming if _due_ms(each, settings) <= now_ms]
    kind: MessageKind = "restock" if len(due) >= options.restock_products else "reorder"
    for each in coming:
        yield Occasion(
            kind=kind if each in due else "reorder",
            key=f"refill:{each.product_id}:{each.last_day}",
            due_ms=_due_ms(each, settings),
            expires_ms=_expires_ms(each),
            reason=_reason(each),
            products=(each.product_id,),
            together=True,
        )


def _due_ms(refill: RefillForecast, settings: Settings) -> int:
    return int((refill.due_day - settings.reorder.lead_days) * DAY_MS)


def _expires_ms(refill: RefillForecast) -> int:
    return int((refill.due_day + max(BOUGHT_ELSEWHERE * refill.gap_days, 3.0)) * DAY_MS)


def _reason(refill: RefillForecast) -> OccasionReason:
    day = datetime.fromtimestamp(int(refill.due_day) * DAY_MS / 1000, UTC).date()
    return OccasionReason(
        "runs_out",
        f"Bought {refill.orders} times, about every {refill.gap_days:.0f} days: expected again about {day}.",
        {
            "product_id": refill.product_id,
            "orders": refill.orders,
            "gap_days": round(refill.gap_days, 1),
            "expected_on": day.isoformat(),
            "chance": round(refill.chance, 2),
        },
    )
