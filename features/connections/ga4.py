"""Events of Google Analytics 4 as ours: as BigQuery exports them, and as its Measurement Protocol sends them.

The field names are those of https://developers.google.com/analytics/devguides/collection/protocol/ga4.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec

from features.connections.foreign_items import UNSET, ForeignEvent, order_of, product_of
from features.events.foreign_names import our_name

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
    """Ours for one event of an export; none of a page view and the like."""
    given = {each["key"]: _value(each.get("value") or {}) for each in event.get("event_params") or []}
    commerce = {k: v for k, v in (event.get("ecommerce") or {}).items() if v not in UNSET}
    sender = {
        "timestamp": _time(event["event_timestamp"]),
        "customer_id": event.get("user_id"),
        "anonymous_id": event.get("user_pseudo_id"),
        "context": {
            "country": (event.get("geo") or {}).get("country"),
            "utm_source": (event.get("traffic_source") or {}).get("source"),
        },
    }
    yield from _ours(str(event["event_name"]), sender, event.get("items") or [], given | commerce)


def from_measurement(body: Mapping[str, Any], event: Mapping[str, Any]) -> Iterator[ForeignEvent]:
    """Ours for one of the `events` of a Measurement Protocol's body.

    One that says when it happened has an id made of its content: sent again, it counts once.
    """
    params = event.get("params") or {}
    micros = event.get("timestamp_micros") or body.get("timestamp_micros")
    content = msgspec.json.encode((body.get("client_id"), body.get("user_id"), event, micros))
    sender = {
        "event_id": f"ga4:{sha256(content).hexdigest()[:32]}" if micros else None,
        "timestamp": _time(micros) if micros else None,
        "customer_id": body.get("user_id"),
        "anonymous_id": body.get("client_id"),
        "context": {
            name: params.get(theirs)
            for name, theirs in (("language", "language"), ("utm_source", "source"), ("utm_medium", "medium"))
        },
    }
    yield from _ours(str(event["name"]), sender, params.get("items") or [], params)


def _ours(
    name: str, sender: Mapping[str, Any], items: list[Any], given: Mapping[str, Any]
) -> Iterator[ForeignEvent]:
    ours = our_name(name)
    if ours is None:
        return
    browser, session = sender["anonymous_id"], given.get("ga_session_id") or given.get("session_id")
    common = dict(sender) | {
        "type": ours,
        "session_id": f"{browser}.{session}" if browser and session else None,
        "query": given.get("search_term"),
        "recommendation_id": given.get("recommendation_id"),
    }
    yield from order_of(
        common, [product_of(each, NAMES) for each in items], given.get("transaction_id"), given
    )


def _time(micros: Any) -> str:
    return datetime.fromtimestamp(int(micros) / 1e6, UTC).isoformat()


def _value(value: dict[str, Any]) -> Any:
    """The one that is set of `string_value`, `int_value`, `float_value`, `double_value`."""
    return next((each for each in value.values() if each is not None), None)
