"""Events as rows of the history. Pure."""

from datetime import datetime
from typing import Any

import msgspec

from features.events.vocabulary import Event, EventContext, Order, OrderItem
from features.history.events_parquet import CLAIM
from features.live.ingest import order_number

NO_CONTEXT, NO_ORDER, NO_LINE = EventContext(), Order(order_id="-"), OrderItem(product_id="-")


def event_rows(event: Event, received_at: datetime, source: str = "live") -> list[dict[str, Any]]:
    """One row per line, with the columns of `history.schema()`; an event without products has one row.

    Fields of the whole order (discount, shipping, tax) are on its first line only, so that sums over
    rows are right.
    """
    return [
        _row(event, received_at, source, number, line) for number, line in enumerate(event.lines or (None,))
    ]


def _row(
    event: Event, received_at: datetime, source: str, number: int, line: OrderItem | None
) -> dict[str, Any]:
    order, context = event.order or NO_ORDER, event.context or NO_CONTEXT
    reverses, refunded_sum = event.type in {"refund", "cancel"}, event.refunded_sum
    return {
        "event_id": event.event_id,
        "line": number,
        "type": event.type,
        "timestamp": event.timestamp,
        "received_at": received_at,
        "customer_id": event.customer_id,
        "anonymous_id": event.anonymous_id,
        "session_id": event.session_id,
        "product_id": line.product_id if line else None,
        "quantity": line.quantity if line else None if refunded_sum is None else 1.0,
        "unit_price": line.unit_price if line else refunded_sum,
        "currency": order.currency.upper() if order.currency else None,
        "order_id": event.order.order_id if event.order else None,
        "refund_id": order_number(event) if reverses else order.other_number,
        "discount": order.discount if number == 0 else None,
        "coupon": order.coupon,
        "recommendation_id": (line and line.recommendation_id) or event.recommendation_id,
        "country": context.country,
        "utm_source": context.utm_source,
        "source": CLAIM if event.claimed else source,
        "revision": event.revision or None,
        "extra": _extra(event) if number == 0 else None,
    }


def _extra(event: Event) -> str | None:
    """JSON of the fields that have no column, or None."""
    order, context = event.order or NO_ORDER, event.context or NO_CONTEXT
    fields = {
        "query": event.query,
        "shipping": order.shipping,
        "tax": order.tax,
        "properties": event.properties,
        "language": context.language,
        "device": context.device,
        "utm_medium": context.utm_medium,
        "utm_campaign": context.utm_campaign,
        "referral_code": context.referral_code,
        "influencer_code": context.influencer_code,
    }
    present = {name: value for name, value in fields.items() if value is not None}
    return msgspec.json.encode(present).decode() if present else None
