"""Calls of a service that is slow, busy, away, or says no."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from training.outbound.calls import Calls
from training.outbound.destination import NotAllowed, Refused, Unavailable

from mail_tools import BrevoTool, Trouble, running

PATH = "/v3/account"


@pytest.fixture
def tool() -> Iterator[BrevoTool]:
    with running(BrevoTool()) as brevo:
        assert isinstance(brevo, BrevoTool)
        yield brevo


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def calls(tool: BrevoTool, pauses: list[float]) -> Iterator[Calls]:
    with closing(
        Calls(tool.address, {"api-key": tool.key}, 5, lambda s: pauses.append(s) if s else None)
    ) as made:
        yield made


def test_pauses_grow_until_it_is_given_up(calls: Calls, tool: BrevoTool, pauses: list[float]) -> None:
    tool.troubles = [Trouble("GET", 502)] * 4
    with pytest.raises(Unavailable, match="502"):
        calls("GET", PATH)
    assert pauses == [1, 2, 4]


@pytest.mark.parametrize("as_date", [False, True])
def test_it_waits_as_long_as_it_is_asked_to(
    calls: Calls, tool: BrevoTool, pauses: list[float], as_date: bool
) -> None:
    until = datetime.now(UTC) + timedelta(seconds=30)
    asked = format_datetime(until, usegmt=True) if as_date else "30"
    tool.troubles = [Trouble("GET", 429, {"Retry-After": asked})]
    assert calls("GET", PATH) == {"email": "owner@shop.example"}
    assert len(pauses) == 1
    assert 0 < pauses[0] <= 30


def test_a_long_wait_is_left_to_whoever_asked(calls: Calls, tool: BrevoTool, pauses: list[float]) -> None:
    tool.troubles = [Trouble("GET", 503, {"Retry-After": "600"})]
    with pytest.raises(Unavailable) as told:
        calls("GET", PATH)
    assert (told.value.after_s, pauses) == (600, [])


@pytest.mark.parametrize(
    ("status", "error"), [(400, Refused), (404, Refused), (401, NotAllowed), (403, NotAllowed)]
)
def test_a_no_is_not_asked_again(calls: Calls, tool: BrevoTool, status: int, error: type[Exception]) -> None:
    tool.troubles = [Trouble("GET", status)]
    with pytest.raises(error):
        calls("GET", PATH)
    assert len(tool.calls) == 1


def test_more_calls_than_allowed_in_a_second_wait(calls: Calls, pauses: list[float]) -> None:
    for _ in range(6):
        calls("GET", PATH)
    assert len(pauses) == 1
    assert 0 < pauses[0] < 1


def test_nobody_there_is_no_error_of_ours(pauses: list[float]) -> None:
    with closing(Calls("http://127.0.0.1:9", {}, 5, pauses.append)) as calls, pytest.raises(Unavailable):
        calls("GET", "/")


@pytest.mark.parametrize("asked", ["inf", "nan", "-5", "soon", "9" * 40, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_mistaken_wait_is_at_most_a_day(
    calls: Calls, tool: BrevoTool, pauses: list[float], asked: str
) -> None:
    tool.troubles = [Trouble("GET", 429, {"Retry-After": asked})] * 4
    with pytest.raises(Unavailable) as told:
        calls("GET", PATH)
    assert 0 <= told.value.after_s <= 86_400
    assert all(0 < pause <= 60 for pause in pauses)


@pytest.mark.parametrize("answer", [{"detail": "an error after all"}, None, ["a list"]])
def test_a_good_status_with_another_body_is_no_answer(calls: Calls, tool: BrevoTool, answer: object) -> None:
    tool.answer = answer
    tool.troubles = [Trouble("GET", 200)] * 4
    with pytest.raises(Unavailable, match="no answer of theirs"):
        calls("GET", PATH, has="email")


@pytest.mark.parametrize(
    "trouble", [Trouble("GET", 200, half=True), Trouble("GET", 200, endless=True), Trouble("GET", slow_s=0.6)]
)
def test_an_answer_that_does_not_come_or_does_not_end_is_none(
    tool: BrevoTool, pauses: list[float], trouble: Trouble
) -> None:
    tool.troubles = [trouble] * 4
    calls = Calls(tool.address, {}, 9, pauses.append, timeout_s=0.3, longest_s=0.2)
    with closing(calls), pytest.raises(Unavailable):
        calls("GET", PATH)
    assert len(tool.calls) == 4


@pytest.mark.parametrize(
    "headers",
    [{"Content-Encoding": "gzip"}, {"Content-Encoding": "br"}, {"Content-Type": "text/x; charset=x"}],
)
def test_an_answer_that_cannot_be_read_is_none(
    calls: Calls, tool: BrevoTool, headers: dict[str, str]
) -> None:
    tool.answer = "no e-mail"
    tool.troubles = [Trouble("GET", 200, headers)] * 4
    with pytest.raises(Unavailable):
        calls("GET", PATH, has="email")


def test_an_address_that_is_none_is_no_error_of_ours(pauses: list[float]) -> None:
    with closing(Calls("", {}, 5, pauses.append)) as calls, pytest.raises(Unavailable):
        calls("POST", "https://[no-address/hook")
