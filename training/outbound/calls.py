"""Calls of other services over HTTP: paced, tried again where that helps, and plain about what does not."""

import ssl
import time
from collections import deque
from collections.abc import Mapping
from functools import cache
from typing import Any

import httpx
import msgspec

from features.connections.patience import Wait, is_busy, patiently, seconds_to_wait
from training.outbound.destination import NotAllowed, NotTaken, Refused, Unavailable

TRIES = 4
TIMEOUT_S = 30.0  # of silence
LONGEST_S, MOST_BYTES = 120.0, 50_000_000  # of one answer
TOLD_TO_WAIT = ("retry-after", "x-sib-ratelimit-reset")
SHOWN = 300  # characters of an answer that says what is wrong


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
        timeout_s: float = TIMEOUT_S,
        longest_s: float = LONGEST_S,
    ) -> None:
        self._client = httpx.Client(
            base_url=address, headers=headers, timeout=timeout_s, auth=auth, verify=_trusted()
        )
        self._longest_s = longest_s
        self._wait, self._called = wait, deque([float("-inf")] * per_second, per_second)

    def close(self) -> None:
        self._client.close()

    def __call__(self, method: str, path: str, body: Any = None, *, has: str = "", **more: Any) -> Any:
        """The answer's JSON; None where there is none. body: as JSON, or bytes as they are; has: a field
        without which it is no answer.

        Raises Refused, NotAllowed, Unavailable. The body may have arrived where the last is raised.
        """
        content = body if isinstance(body, bytes) or body is None else msgspec.json.encode(body)
        return patiently(lambda: self._once(method, path, content, has, more), self._wait, TRIES)

    def _once(self, method: str, path: str, content: bytes | None, has: str, more: Mapping[str, Any]) -> Any:
        self._pace()
        until = time.monotonic() + self._longest_s
        try:
            with self._client.stream(method, path, content=content, **more) as response:
                answer = _read(response, until)
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise Unavailable(f"{type(error).__name__}: {error}") from error
        if not response.is_success:
            raise _trouble(response, answer)
        return _json(answer, has)

    def _pace(self) -> None:
        self._wait(max(self._called[0] + 1 - time.monotonic(), 0.0))
        self._called.append(time.monotonic())


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates of the web; reading them takes a tenth of a second."""
    return httpx.create_ssl_context()


def _read(response: httpx.Response, until: float) -> bytes:
    """Raises Unavailable where an answer does not end. until: monotonic s."""
    content = bytearray()
    for part in response.iter_bytes():
        content += part
        if len(content) > MOST_BYTES or time.monotonic() > until:
            raise Unavailable(f"an answer that does not end, after {len(content):,} bytes")
    return bytes(content)


def _trouble(response: httpx.Response, content: bytes) -> NotTaken:
    """What a further try may change, or not."""
    status, text = response.status_code, f"{response.status_code}: {_shown(content)}"
    is_json = "json" in response.headers.get("content-type", "")
    if is_busy(status) or (status == 403 and not is_json):  # Mailchimp's word for too many
        told = next((response.headers[name] for name in TOLD_TO_WAIT if name in response.headers), None)
        return Unavailable(text, seconds_to_wait(told))
    if status in {401, 403}:
        return NotAllowed(f"the key is refused ({text}): make a new one there and connect again")
    return Refused(text, is_missing=status == 404)


def _json(content: bytes, has: str) -> Any:
    """Raises Unavailable where the answer lacks what it must have."""
    try:
        answer = msgspec.json.decode(content) if content else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        answer = None
    if has and not (isinstance(answer, dict) and has in answer):
        raise Unavailable(f"200, but no answer of theirs: {_shown(content)}")
    return answer


def _shown(content: bytes) -> str:
    return content[:SHOWN].decode(errors="replace")
