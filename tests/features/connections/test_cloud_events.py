"""CloudEvents in each of their forms are our events."""

from typing import Any

import pytest

from features.connections.cloud_events import of_binary, of_structured

DATA = {"anonymous_id": "a-1", "product_id": "mug"}
EVENT = {
    "specversion": "1.0",
    "id": "7",
    "source": "/shop",
    "type": "com.example.shop.view",
    "time": "2026-03-01T10:00:00Z",
    "data": DATA,
}
OURS = DATA | {"type": "view", "event_id": "/shop#7", "timestamp": "2026-03-01T10:00:00Z"}


def test_the_last_word_of_the_type_is_the_events_name() -> None:
    assert of_structured(EVENT) == [OURS]
    [bought] = of_structured([EVENT | {"type": "Order Completed"}])
    assert bought["type"] == "purchase"
    [unknown] = of_structured(EVENT | {"type": "com.example.moon.landing"})
    assert unknown["type"] == "com.example.moon.landing"


@pytest.mark.parametrize("odd", [7, {"type": "view"}, {"type": "view", "data": [1]}])
def test_what_is_no_cloud_event_is_left_to_be_refused(odd: Any) -> None:
    assert of_structured(odd) == [odd]


def test_attributes_may_be_headers() -> None:
    headers = {f"ce-{name}": str(value) for name, value in EVENT.items() if name != "data"}
    assert of_binary(headers | {"host": "x"}, DATA) == [OURS]
