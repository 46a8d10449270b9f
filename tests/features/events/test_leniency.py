"""Events as shops send them, read as the vocabulary has them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from features.events.vocabulary import Event, InvalidEvent, read_event

from factories import NOW


def read(**fields: Any) -> Event:
    return read_event(json.dumps(fields), NOW, lambda: "fresh")


def order(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"order_id": "o", "items": list(items), **more}


JAR = {"product_id": "JAR", "quantity": 2, "unit_price": 8.0}


def test_ids_may_be_numbers_and_numbers_text() -> None:
    lines = [
        {"product_id": 77, "quantity": "3", "unit_price": "1.50"},
        {"product_id": 78.0, "unit_price": "2,5"},
    ]
    event = read(type="purchase", customer_id=12, order={"order_id": 900, "items": lines, "discount": "0.5"})
    assert event.order is not None
    assert (event.customer_id, event.event_id) == ("12", "purchase:900")
    assert [(each.product_id, each.quantity, each.unit_price) for each in event.lines] == [
        ("77", 3, 1.5),
        ("78", 1, 2.5),
    ]
    assert event.order.discount == 0.5


@pytest.mark.parametrize("time", [1_760_000_000, 1_760_000_000_000])
def test_times_may_be_seconds_or_milliseconds(time: int) -> None:
    assert read(type="view", product_id=1, timestamp=time).timestamp == datetime(
        2025, 10, 9, 8, 53, 20, tzinfo=UTC
    )


@pytest.mark.parametrize("word", [0, "0", "undefined", "NULL", "Guest", " null ", "(not set)"])
def test_an_id_that_stands_for_nobody_is_none(word: int | str) -> None:
    event = read(type="purchase", customer_id=word, anonymous_id=word, session_id=word, order=order(JAR))
    assert (event.customer_id, event.anonymous_id, event.session_id) == (None, None, None)


def test_nobody_can_be_identified() -> None:
    with pytest.raises(InvalidEvent, match="identify"):
        read(type="identify", customer_id="undefined", anonymous_id="b-7")


@pytest.mark.parametrize(
    ("odd", "discount"),
    [
        ({"product_id": "COUPON", "unit_price": -3.0}, 3.0),
        ({"product_id": "COUPON", "quantity": 2, "unit_price": "-1.50"}, 3.0),
        ({"product_id": "BACK", "quantity": -1, "unit_price": 3.0}, 3.0),
        ({"product_id": "GONE", "quantity": 0, "unit_price": 3.0}, None),
    ],
)
def test_an_odd_line_does_not_cost_the_order(odd: dict[str, Any], discount: float | None) -> None:
    event = read(type="purchase", order=order(JAR, odd))
    assert [each.product_id for each in event.lines] == ["JAR"]
    assert event.order is not None
    assert event.order.discount == discount


def test_a_coupon_line_adds_to_the_stated_discount() -> None:
    event = read(type="purchase", order=order(JAR, {"product_id": "C", "unit_price": -3}, discount=1.0))
    assert event.order is not None
    assert event.order.discount == 4.0


@pytest.mark.parametrize(
    ("fields", "lines", "refunded"),
    [
        ({"order": order({"product_id": "JAR", "quantity": -1, "unit_price": -8.0})}, [("JAR", 1, 8)], None),
        ({"order": order({"product_id": "JAR", "quantity": 0, "unit_price": "-2.50"})}, [], 2.5),
        (
            {"order": order({**JAR}, {"product_id": "LID", "quantity": 0, "unit_price": 1})},
            [("JAR", 2, 8), ("LID", 1, 1)],
            None,
        ),
        ({"order": {"order_id": "o"}, "unit_price": "-4"}, [], 4.0),
        ({"order": {"order_id": "o", "shipping": "4.90"}}, [], 0.0),
        ({"order": {"order_id": "o"}}, [], None),
    ],
)
def test_refunds_may_be_negative_and_money_alone(
    fields: dict[str, Any], lines: list[tuple[str, float, float]], refunded: float | None
) -> None:
    event = read(type="refund", **fields)
    assert [(each.product_id, each.quantity, each.unit_price) for each in event.lines] == lines
    assert event.refunded_sum == refunded


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "purchase", "order": order({"product_id": "C", "unit_price": -3})},
        {"type": "purchase", "order": order({"product_id": "JAR", "unit_price": "cheap"})},
        {"type": "purchase", "order": order({"product_id": "JAR", "quantity": True})},
        {"type": "purchase", "order": order({"product_id": ["JAR"]})},
        {"type": "purchase", "order": order("JAR")},  # type: ignore[arg-type]
        {"type": "purchase", "order": {"order_id": True, "items": [JAR]}},
        {"type": "view", "product_id": 1.5},
        {"type": "view", "product_id": "a", "timestamp": 1e300},
        {"type": "view", "product_id": "a", "timestamp": 10**400},
        {"type": "view", "product_id": 10**400, "quantity": 10**400},
        {"type": "purchase", "order": order(JAR, {"unit_price": -1}, discount="much")},
        {"type": "refund", "order": order({"product_id": "a", "quantity": 0, "unit_price": "x"})},
    ],
)
def test_what_makes_no_sense_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidEvent):
        read(**fields)
