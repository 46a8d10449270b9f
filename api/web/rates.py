"""How much each caller may ask of a service: a request too many is answered 429, and when to try again."""

from collections.abc import Hashable
from math import ceil
from time import monotonic

from fastapi import Request

from api.web.callers import address_of
from api.web.debts import Debts
from api.web.metrics import REFUSED
from api.web.problems import Problem
from api.web.settings import ApiSettings

SIGN_INS_PER_S = 0.5  # from one address; a password is worth trying no faster
BURST_S = 10.0  # so many seconds' worth may come at once
LOOPBACK = ("127.", "::1", "::ffff:127.")


class TokenBucket:
    """One bucket a caller, as the generic cell rate algorithm keeps it: the time at which it is full again.

    name: under which the callers' debts are kept; rate: units a second; 0 lets everything pass.
    """

    def __init__(self, name: str, rate: float, debts: Debts) -> None:
        self.rate = rate
        self._name, self._debts = name, debts

    def take(self, caller: Hashable, units: float, now: float) -> float:
        """0.0, or the seconds after which so many units may be had; nothing is taken then."""
        if not self.rate:
            return 0.0
        caller = (self._name, caller)
        full_at = max(self._debts.until(caller), now)
        wait = full_at - now - BURST_S + min(units / self.rate, BURST_S)
        if wait > 0:
            return wait
        self._debts.keep(caller, full_at + units / self.rate)
        return 0.0


class Rates:
    """The buckets of a service. Programs on this machine have no limit by address: a proxy that names no
    visitors looks like one of them."""

    def __init__(self, settings: ApiSettings, debts: Debts | None = None) -> None:
        debts = debts or Debts()
        self._visitor_requests = TokenBucket("visitor requests", settings.visitor_requests_per_s, debts)
        self._visitor_bytes = TokenBucket("visitor bytes", settings.visitor_event_kb_per_s * 1_000, debts)
        self._key_requests = TokenBucket("key requests", settings.key_requests_per_s, debts)
        self._public_bytes = TokenBucket("public bytes", settings.public_event_kb_per_s * 1_000, debts)
        self._sign_ins = TokenBucket("sign-ins", SIGN_INS_PER_S, debts)

    def charge_request(self, request: Request, key: str, *, is_public: bool) -> None:
        """Count a request. Raises Problem 429."""
        if is_public and (visitor := _visitor(request)):
            _require(self._visitor_requests, (key, visitor), 1, monotonic())
        if self._key_requests.rate:
            _require(self._key_requests, key, 1, monotonic())

    def charge_events(self, request: Request, key: str, length: int) -> None:
        """Count the bytes of events that came with a public key. Raises Problem 429."""
        if visitor := _visitor(request):
            now = monotonic()
            _require(self._visitor_bytes, (key, visitor), length, now)
            _require(self._public_bytes, key, length, now)

    def charge_sign_in(self, request: Request) -> None:
        """Count a try to sign in, from whatever address. Raises Problem 429."""
        _require(self._sign_ins, address_of(request), 1, monotonic())


def _visitor(request: Request) -> str | None:
    client = request.scope.get("client")
    return None if not client or client[0].startswith(LOOPBACK) else address_of(request)


def _require(bucket: TokenBucket, caller: Hashable, units: float, now: float) -> None:
    wait = bucket.take(caller, units, now)
    if wait > 0:
        REFUSED.add("rate")
        seconds = str(ceil(wait))
        raise Problem(
            429,
            f"Too much in too short a time: try again in {seconds} s.",
            headers={
                "Retry-After": seconds,
                "RateLimit-Limit": f"{bucket.rate * BURST_S:.0f}",
                "RateLimit-Remaining": "0",
                "RateLimit-Reset": seconds,
            },
        )
