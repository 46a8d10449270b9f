"""Events of Google Analytics 4, as BigQuery exports them (JSON lines or parquet), as ours."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from features.events.foreign_names import our_name
from features.importers.platforms.foreign_items import UNSET, ForeignEvent, order_of, product_of

MARKS = {"event_name", "event_timestamp"}
NAMES = {
    "product_id": ("item_id",),
    "title": ("item_name",),
    "options": ("item_variant",),
    "quantity": ("quantity",),
    "unit_price": ("price",),
}


def is_ga4(event: dict[str, Any]) -> bool:
    """Whether it has the form of an event of a GA4 export."""
    return event.keys() >= MARKS


def from_ga4(event: dict[str, Any]) -> Iterator[ForeignEvent]:
    """Ours for one event; none of a page view and the like."""
    ours = our_name(str(event["event_name"]))
    if ours is None:
        return
    given = {each["key"]: _value(each.get("value") or {}) for each in event.get("event_params") or []}
    commerce = {k: v for k, v in (event.get("ecommerce") or {}).items() if v not in UNSET}
    browser, session = event.get("user_pseudo_id"), given.get("ga_session_id")
    common = {
        "type": ours,
        "timestamp": datetime.fromtimestamp(int(event["event_timestamp"]) / 1e6, UTC).isoformat(),
        "customer_id": event.get("user_id"),
        "anonymous_id": browser,
        "session_id": f"{browser}.{session}" if browser and session else None,
        "query": given.get("search_term"),
        "context": {
            "country": (event.get("geo") or {}).get("country"),
            "utm_source": (event.get("traffic_source") or {}).get("source"),
        },
    }
    products = [product_of(each, NAMES) for each in event.get("items") or []]
    order_id = commerce.get("transaction_id") or given.get("transaction_id")
    yield from order_of(common, products, order_id, given)


def _value(value: dict[str, Any]) -> Any:
    """The one that is set of `string_value`, `int_value`, `float_value`, `double_value`."""
    return next((each for each in value.values() if each is not None), None)
