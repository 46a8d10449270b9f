"""No consent is read out of a word that means no, or nothing."""

from typing import Any

import pytest

from features.events.consents import NO, YES, with_plain_consents
from features.events.vocabulary import InvalidEvent, parse_event

from bundles import NOW


@pytest.mark.parametrize(
    "answer", [True, 1, "1", 1.0, "TRUE", " Yes ", "subscribed", "opt-in", "Opted In", "ja"]
)
def test_a_yes(answer: Any) -> None:
    assert with_plain_consents({"email": answer}) == {"email": True}


@pytest.mark.parametrize(
    "answer",
    [False, 0, "0", 0.0, "false", "No", "unsubscribed", "NOT_SUBSCRIBED", "opted-out", "Nein", "pending"],
)
def test_a_no(answer: Any) -> None:
    assert with_plain_consents({"sms": answer}) == {"sms": False}


def test_no_word_is_both() -> None:
    assert not YES & NO


def test_names_that_shops_use_are_channels_and_the_rest_is_kept() -> None:
    given = {"newsletter": "yes", "marketing": "no", "where": "footer", "push": None}
    assert with_plain_consents(given) == {"email": True, "all": False, "where": "footer"}


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"email": "perhaps"}, "properties.email"),
        ({"email": ""}, "properties.email"),
        ({"email": [True]}, "properties.email"),
        ({"email": True, "sms": 7}, "properties.sms"),
        ({"pigeon": True}, "all, email"),
        ({"email": None}, "all, email"),
        (None, "all, email"),
    ],
)
def test_what_cannot_be_understood_is_refused(properties: Any, reason: str) -> None:
    raw = {"type": "consent", "customer_id": "ann", "properties": properties}
    with pytest.raises(InvalidEvent, match=reason):
        parse_event(raw, NOW, "id")


def test_an_event_says_plainly_yes_or_no() -> None:
    raw = {"type": "consent", "customer_id": "ann", "properties": {"email": "Unsubscribed"}}
    assert parse_event(raw, NOW, "id").properties == {"email": False}
