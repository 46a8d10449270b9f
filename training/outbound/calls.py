"""Calls of other services over HTTP: paced, tried again where that helps, and plain about what does not."""

import ssl
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx
import msgspec

from training.outbound.destination import NotAllowed, Refused, Unavailable

TRIES = 4
TIMEOUT_S = 30.0
LONGEST_WAIT_S = 90.0  # within a call; who is told to wait longer comes back in another round
FIRST_PAUSE_S = 1.0  # doubled at each further try
SHOWN = 300  # characters of an answer that says what is wrong
ASKS_TO_WAIT = ("retry-after", "x-sib-ratelimit-reset")
Wait = Callable[[float], Any]


class Calls:
    """A client of one service. per_second: calls within any second, at most; wait: pauses for seconds, none
    before most calls, and ends the work by whatever it raises."""

    def __init__(
        self,
        address: str,
        headers: Mapping[str, str],
        per_second: int,
        wait: Wait = time.sleep,
        auth: tuple[str, str] | None = None,
    ) -> None:
        self._client = httpx.Client(
            base_url=address, headers=headers, timeout=TIMEOUT_S, auth=auth, verify=_trusted()
        )
        self._wait, self._called = wait, deque([float("-inf")] * per_second, per_second)

    def close(self) -> None:
        self._client.close()

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """The answer's JSON; None where there is none. body: as JSON, or bytes as they are.

        Raises Refused, NotAllowed, Unavailable. The body may have arrived where the last is raised.
        """
        content = body if isinstance(body, bytes) or body is None else msgspec.json.encode(body)
        trouble = Unavailable("no answer")
        for attempt in range(TRIES):
            self._pace()
            try:
                response = self._client.request(method, path, content=content, **more)
            except httpx.TransportError as error:
                trouble = Unavailable(f"{type(error).__name__}: {error}")
            else:
                if response.is_success:
                    return _json(response)
                trouble = _trouble(response)
            pause_s = trouble.after_s or FIRST_PAUSE_S * 2**attempt
            if pause_s > LONGEST_WAIT_S:
                break
            if attempt + 1 < TRIES:
                self._wait(pause_s)
        raise trouble

    def _pace(self) -> None:
        self._wait(max(self._called[0] + 1 - time.monotonic(), 0.0))
        self._called.append(time.monotonic())


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates of the web; reading them takes a tenth of a second."""
    return httpx.create_ssl_context()


def _trouble(response: httpx.Response) -> Unavailable:
    """What may be over at the next try. Raises Refused and NotAllowed where a further try is of no use."""
    status, text = response.status_code, f"{response.status_code}: {response.text[:SHOWN]}"
    is_json = "json" in response.headers.get("content-type", "")
    if status == 429 or status >= 500 or (status == 403 and not is_json):  # Mailchimp's word for too many
        return Unavailable(text, _asked_to_wait(response))
    if status in {401, 403}:
        raise NotAllowed(f"the key is refused ({text}): make a new one there and connect again")
    raise Refused(text, is_missing=status == 404)


def _asked_to_wait(response: httpx.Response) -> float:
    """Seconds; 0: it does not say. As a number or, RFC 9110, a date."""
    for name in ASKS_TO_WAIT:
        if text := response.headers.get(name):
            with suppress(ValueError):
                return max(float(text), 0.0)
            with suppress(ValueError, TypeError):
                return max((parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds(), 0.0)
    return 0.0


def _json(response: httpx.Response) -> Any:
    try:
        return msgspec.json.decode(response.content) if response.content else None
    except msgspec.DecodeError:
        return None
