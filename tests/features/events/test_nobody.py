"""Placeholders are nobody; real ids, however odd, are somebody."""

import pytest

from features.events.nobody import is_nobody, somebody
from features.events.vocabulary import InvalidEvent, parse_event

from bundles import NOW


@pytest.mark.parametrize(
    "name",
    [
        "undefined",
        "NULL",
        "None",
        "nan",
        "NaN",
        "0",
        "00",
        "0.0",
        "guest",
        " Guest ",
        "anonymous",
        "-",
        "--",
        "",
        "   ",
        "\xa0",
        "00000000-0000-0000-0000-000000000000",
        "{00000000-0000-0000-0000-000000000000}",
        "[object Object]",
        "[object Undefined]",
        "{{customer.id}}",
        "{{ customer.id }}",
        "{% customer %}",
        "${customerId}",
        "<%= customer.id %>",
        "*|UNIQID|*",
        "%%CUSTOMER_ID%%",
        "%CUSTOMER_ID%",
        "{customer_id}",
        "'null'",
        '"undefined"',
        "(not set)",
        "NOT LOGGED IN",
        "Gast",
        "n/a",
        "...",
        "_",
        "[customer_id]",
    ],
)
def test_nobody(name: str) -> None:
    assert is_nobody(name)
    assert somebody(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "4711",
        "100",
        "-1",
        "a/b|c",
        "anna@example.com",
        "Nullmeier",
        "guest-42",
        "anonymous-7f3a",
        "🛒",
        "0a",
        "{3F2504E0-4F89-11D3-9A0C-0305E82C3301}",
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "{x}",
        "50%",
        "0-0",
        "李",
        "10000000-0000-0000-0000-000000000000",
        "none of the above",
        "c-184a5420afd81b87ce601523",
    ],
)
def test_somebody(name: str) -> None:
    assert not is_nobody(name)
    assert somebody(name) == name


def test_an_event_keeps_its_other_ids() -> None:
    raw = {"type": "search", "customer_id": "undefined", "anonymous_id": "a-1", "session_id": "null"}
    event = parse_event(raw, NOW, "id")
    assert (event.customer_id, event.anonymous_id, event.session_id) == (None, "a-1", None)
    assert event.nobody == ("customer_id=undefined", "session_id=null")


def test_nobody_cannot_be_identified() -> None:
    raw = {"type": "identify", "customer_id": "guest", "anonymous_id": "a-1"}
    with pytest.raises(InvalidEvent, match="customer_id=guest names nobody"):
        parse_event(raw, NOW, "id")


def test_an_event_cannot_say_itself_who_was_left_out() -> None:
    raw = {"type": "search", "customer_id": "ann", "nobody": ["lies"]}
    assert parse_event(raw, NOW, "id").nobody == ()
