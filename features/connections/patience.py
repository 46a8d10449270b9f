"""Asking a service that may be busy or away: again and again, with pauses, for some minutes."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.request import Request, urlopen

MOST_TRIES = 8  # in a row without an answer
FIRST_PAUSE_S, LONGEST_WAIT_S = 1.0, 60.0  # pauses double
LONGEST_ASKED_S = 86_400.0  # whatever a service says: `inf` and the year 9999 are mistakes
Answer = TypeVar("Answer")
Wait = Callable[[float], None]


class Busy(Exception):
    """A service takes nothing just now. after_s: when it may again, where it said so."""

    def __init__(self, problem: str, after_s: float = 0.0) -> None:
        super().__init__(problem)
        self.after_s = after_s


class ServiceAway(ValueError):
    """A service does not answer; the message says what to do."""


def patiently(ask: Callable[[], Answer], wait: Wait = time.sleep, tries: int = MOST_TRIES) -> Answer:
    """What `ask` returns in the end. Pauses are as long as Busy says, else ever longer.

    Raises the last Busy after so many tries, and at once where it wants a pause longer than LONGEST_WAIT_S.
    """
    for tried in range(tries):
        try:
            return ask()
        except Busy as error:
            pause_s = error.after_s or min(FIRST_PAUSE_S * 2**tried, LONGEST_WAIT_S)
            if tried + 1 == tries or pause_s > LONGEST_WAIT_S:
                raise
        wait(pause_s)
    raise ValueError("ask once at least")


def ask_json(request: Request, service: str, answer_s: float, wait: Wait) -> tuple[Any, Message]:
    """The JSON and the headers of an answer that comes in the end. answer_s: how long one may take.

    Raises ServiceAway, and HTTPError for an answer that asking again would not change.
    """

    def ask() -> tuple[Any, Message]:
        try:
            with urlopen(request, timeout=answer_s) as answer:  # noqa: S310 - the shop's own address
                return json.loads(answer.read()), answer.headers
        except HTTPError as error:
            if not is_busy(error.code):
                raise
            with error:
                raise Busy(
                    str(error), min(seconds_to_wait(error.headers.get("Retry-After")), LONGEST_WAIT_S)
                ) from error
        except (OSError, HTTPException, ValueError) as error:
            raise Busy(str(error)) from error

    try:
        return patiently(ask, wait)
    except Busy as error:
        text = f"{service} does not answer. What came so far is kept: say the same again later."
        raise ServiceAway(text) from error


def is_busy(status: int) -> bool:
    """Whether an answer may be another one soon."""
    return status in {408, 425, 429} or status >= 500


def seconds_to_wait(text: str | None) -> float:
    """Of a header `Retry-After`: seconds or, RFC 9110, a date; 0: it does not say."""
    with suppress(ValueError):
        seconds = float(text or "")
        return min(seconds, LONGEST_ASKED_S) if seconds > 0 else 0.0  # NaN is none
    with suppress(ValueError, TypeError):
        seconds = (parsedate_to_datetime(text or "") - datetime.now(UTC)).total_seconds()
        return min(max(seconds, 0.0), LONGEST_ASKED_S)
    return 0.0
