"""Asking a service that may be busy or away: again and again, with pauses, for some minutes."""

import time
from collections.abc import Callable
from http.client import HTTPException
from typing import TypeVar
from urllib.error import HTTPError

MOST_TRIES = 8  # in a row without an answer
LONGEST_WAIT_S = 60.0
BUSY = frozenset({408, 429, 500, 502, 503, 504})
Answer = TypeVar("Answer")
Wait = Callable[[float], None]


class ServiceAway(ValueError):
    """A service does not answer; the message says what to do."""


def patiently(ask: Callable[[], Answer], service: str, wait: Wait = time.sleep) -> Answer:
    """What `ask` returns in the end. Pauses are as long as `Retry-After` says, else ever longer.

    Raises ServiceAway, and HTTPError for an answer that asking again would not change.
    """
    for tries in range(1, MOST_TRIES + 1):
        try:
            return ask()
        except HTTPError as error:
            if error.code not in BUSY:
                raise
            with error:
                wait(seconds_of(error.headers.get("Retry-After")) or _pause(tries))
        except (OSError, HTTPException, ValueError):
            wait(_pause(tries))
    raise ServiceAway(f"{service} does not answer. What came so far is kept: say the same again later.")


def seconds_of(text: str | None) -> float | None:
    """Of a header `Retry-After`, at most LONGEST_WAIT_S; None where it states none."""
    try:
        return min(float(text), LONGEST_WAIT_S) if text else None
    except ValueError:
        return None


def _pause(tries: int) -> float:
    return min(2.0**tries, LONGEST_WAIT_S)
