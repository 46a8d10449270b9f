"""Events of Segment, RudderStack and the like, as ours: `type`, `event`, `properties`."""

from collections.abc import Iterator
from typing import Any

from features.events.foreign_names import our_name
from features.events.vocabulary import NEEDS_PRODUCT
from features.importers.platforms.foreign_items import ForeignEvent, order_of, product_of
from features.people.contacts import CONTACTS

CALLS = {"track", "identify", "page", "screen", "group", "alias"}
NAMES = {
    "product_id": ("sku", "product_id", "id"),
    "title": ("name",),
    "options": ("variant",),
    "quantity": ("quantity",),
    "unit_price": ("price",),
}


def is_segment(event: dict[str, Any]) -> bool:
    """Whether it has the form of a Segment call."""
    return event.get("type") in CALLS and ("anonymousId" in event or "userId" in event or "event" in event)


def from_segment(event: dict[str, Any]) -> Iterator[ForeignEvent]:
    """Ours for one call: a purchase, a view ...; none of one that says nothing of products or customers."""
    call, properties = event["type"], event.get("properties") or {}
    context = event.get("context") or {}
    ours = "identify" if call == "identify" else our_name(str(event.get("event") or call))
    if ours is None or (call == "identify" and not (event.get("userId") and event.get("anonymousId"))):
        return
    traits = (context.get("traits") or {}) | (event.get("traits") or {})
    contact = {name: traits.get(name) or properties.get(name) for name in sorted(CONTACTS)}
    common = {
        "type": ours,
        "event_id": event.get("messageId"),
        "timestamp": event.get("timestamp") or event.get("originalTimestamp") or event.get("sentAt"),
        "customer_id": event.get("userId"),
        "anonymous_id": event.get("anonymousId"),
        "query": properties.get("query"),
        "properties": {name: value for name, value in contact.items() if value} or None,
        "context": {
            "language": context.get("locale"),
            "utm_source": (context.get("campaign") or {}).get("source"),
        },
    }
    whole = [properties] if ours in NEEDS_PRODUCT else []
    products = [product_of(each, NAMES) for each in properties.get("products") or whole]
    order_id = properties.get("order_id") or (event.get("messageId") if ours == "purchase" else None)
    yield from order_of(common, products, order_id, properties)
