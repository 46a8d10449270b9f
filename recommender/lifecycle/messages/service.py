"""What the shop owes to who bought: the status of an order, its delay, an issue with a product."""

from collections.abc import Iterator

from features.live.customer_facts import ISSUE, STATUS
from features.time_units import DAY_MS
from recommender.lifecycle.vocabulary.customer import Customer
from recommender.lifecycle.vocabulary.occasion import Occasion, OccasionReason
from recommender.lifecycle.vocabulary.settings import Settings

LASTS_DAYS, ISSUE_LASTS_DAYS = 3, 14


def occasions(customer: Customer, _now_ms: int, settings: Settings) -> Iterator[Occasion]:
    """Of each order its newest status alone: that it was sent is no news once it has arrived."""
    yield from _statuses(customer, settings)
    yield from _issues(customer)


def _statuses(customer: Customer, settings: Settings) -> Iterator[Occasion]:
    for order, fact in customer.state.named(STATUS):
        status, _, expected = fact.value.partition(" ")
        is_late = status == "delayed"
        if not is_late and status not in settings.order_status.statuses:
            continue
        until = f", and is expected on {expected}" if expected else ""
        text = f"Their order {order} is late{until}." if is_late else f"Their order {order}: {status}."
        yield Occasion(
            kind="delay" if is_late else "order_status",
            key=f"{'delay' if is_late else 'order_status'}:{order}:{status}:{expected}",
            due_ms=fact.at_ms,
            expires_ms=fact.at_ms + LASTS_DAYS * DAY_MS,
            reason=OccasionReason(status, text, {"order_id": order, "status": status, "expected": expected}),
        )


def _issues(customer: Customer) -> Iterator[Occasion]:
    for product, fact in customer.state.named(ISSUE):
        said = f": {fact.value}" if fact.value else "."
        yield Occasion(
            kind="product_issue",
            key=f"product_issue:{product}:{fact.at_ms}",
            due_ms=fact.at_ms,
            expires_ms=fact.at_ms + ISSUE_LASTS_DAYS * DAY_MS,
            reason=OccasionReason(
                "product_issue",
                f"Something is wrong with a product that they bought{said}",
                {"product_id": product, "issue": fact.value},
            ),
            products=(product,),
        )
