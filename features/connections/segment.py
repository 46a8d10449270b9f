"""Events of Segment, RudderStack and the like, as ours: `type`, `event`, `properties`.

The calls are those of https://segment.com/docs/connections/spec/ and its e-commerce events.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from features.connections.foreign_items import ForeignEvent, order_of, product_of
from features.events.foreign_names import our_name
from features.events.vocabulary import NEEDS_PRODUCT
from features.people.contacts import CONTACTS

CALLS = {"track", "identify", "page", "screen", "group", "alias"}
NAMES = {
    "product_id": ("sku", "product_id", "id"),
    "title": ("name",),
    "options": ("variant",),
    "quantity": ("quantity",),
    "unit_price": ("price",),
}
CAMPAIGN = {"utm_source": "source", "utm_medium": "medium", "utm_campaign": "name"}


def is_segment(event: dict[str, Any]) -> bool:
    """Whether it has the form of a Segment call."""
    return event.get("type") in CALLS and ("anonymousId" in event or "userId" in event or "event" in event)


def from_segment(event: dict[str, Any]) -> Iterator[ForeignEvent]:
    """Ours for one call: a purchase, a view ...; none of one that says nothing of products or customers.

    A page proves who its customer is by `customer_token` in `context` or the traits of `identify`.
    """
    call, properties = event["type"], event.get("properties") or {}
    context = event.get("context") or {}
    ours = "identify" if call in ("identify", "alias") else our_name(str(event.get("event") or call))
    if ours is None or (ours == "identify" and not event.get("userId")):
        return
    traits = (context.get("traits") or {}) | (event.get("traits") or {})
    contact = {name: traits.get(name) or properties.get(name) for name in sorted(CONTACTS)}
    common = {
        "type": ours,
        "event_id": event.get("messageId"),
        "timestamp": event.get("timestamp") or event.get("originalTimestamp") or event.get("sentAt"),
        "customer_id": event.get("userId"),
        "anonymous_id": event.get("previousId") if call == "alias" else event.get("anonymousId"),
        "query": properties.get("query"),
        "recommendation_id": properties.get("recommendation_id"),
        "customer_token": context.get("customer_token") or traits.get("customer_token"),
        "properties": {name: value for name, value in contact.items() if value} or None,
        "context": _context(context),
    }
    whole = [properties] if ours in NEEDS_PRODUCT else []
    products = [product_of(each, NAMES) for each in properties.get("products") or whole]
    order_id = properties.get("order_id") or (event.get("messageId") if ours == "purchase" else None)
    yield from order_of(common, products, order_id, properties)


def by_our_clock(event: Mapping[str, Any], sent_at: Any, received_at: datetime) -> dict[str, Any]:
    """The call with its time by our clock: `received_at - (sentAt - timestamp)`, as Segment corrects it.

    Where one of both times is missing or none, or they lie too far apart, it stays as it is.
    """
    happened, sent = _time(event.get("timestamp")), _time(sent_at)
    if happened is None or sent is None:
        return dict(event)
    try:
        return dict(event) | {"timestamp": (received_at - (sent - happened)).isoformat()}
    except OverflowError:
        return dict(event)


def _context(context: Mapping[str, Any]) -> dict[str, Any]:
    campaign = context.get("campaign") or {}
    return {
        "country": (context.get("location") or {}).get("country"),
        "language": context.get("locale"),
        "device": (context.get("device") or {}).get("type"),
    } | {ours: campaign.get(theirs) for ours, theirs in CAMPAIGN.items()}


def _time(text: Any) -> datetime | None:
    """An aware time of ISO 8601 text; None for anything else."""
    try:
        time = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
