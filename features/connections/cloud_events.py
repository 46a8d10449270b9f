"""CloudEvents 1.0 as ours: structured, batched, and binary, whose attributes are headers (`ce-type`).

See https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md.
"""

from collections.abc import Mapping
from typing import Any

from features.events.foreign_names import our_name

STRUCTURED = "application/cloudevents"
PREFIX = "ce-"


def of_structured(body: Any) -> list[Any]:
    """Ours for an event, or a batch of them; what is no object stays as it is, to be refused as ours."""
    return [_ours(each) for each in (body if isinstance(body, list) else [body])]


def of_binary(headers: Mapping[str, str], data: Any) -> list[Any]:
    """Ours for an event whose attributes are headers, and whose data are the body."""
    attributes: dict[str, Any] = {
        name.removeprefix(PREFIX): value for name, value in headers.items() if name.startswith(PREFIX)
    }
    return [_ours(attributes | {"data": data})]


def _ours(event: Any) -> Any:
    """`data` holds our fields. The last word of `type` is the event's (`com.example.shop.purchase`); source
    and id together name it, as the specification has it."""
    if not isinstance(event, dict) or not isinstance(data := event.get("data"), dict):
        return event
    name = str(event.get("type") or "")
    ours = {"type": our_name(name) or our_name(name.rpartition(".")[2]) or name}
    if event.get("id"):
        ours["event_id"] = f"{event.get('source') or ''}#{event['id']}"
    return data | ours | ({"timestamp": event["time"]} if event.get("time") else {})
