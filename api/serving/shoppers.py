"""Which shopper an answer is for, and their live log."""

import hmac
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from fastapi import Request

from api.schemas.recommendations import Ask
from api.serving.service import Service
from api.web.access import Access, header
from features.events.vocabulary import somebody
from features.live.ingest import read_log
from features.live.shopper_state import ShopperLog
from features.merchant.api_keys import Scope
from features.store.connection import StoreUnavailable


class Shopper(NamedTuple):
    """The ids an answer may use. Nobody: a contextual answer."""

    customer_id: str | None = None
    anonymous_id: str | None = None

    @property
    def visitor(self) -> str | None:
        """The id by which experiments and rotation rules assign."""
        return self.customer_id or self.anonymous_id


NOBODY, NO_LOG = Shopper(), ShopperLog()
STORE_AWAY = ("store_unavailable",)
KEYS_UNKNOWN = ("keys_unknown",)


def shopper_of(request: Request, scope: Scope, service: Service, ask: Ask) -> Shopper:
    """The ids that the answer may use. A browser that objects to profiling (Sec-GPC) is nobody, and so are
    erased people and their browsers.

    A public key reads another person's history only with the token that the shop's server made
    (`customer_token`); without it the answer is the anonymous one, whether the customer exists or not.
    """
    if scope == "public" and header(request, b"sec-gpc") == "1":
        return NOBODY
    access, erased = service.access, service.erased
    trusted = scope == "secret" or access.open or is_signed(access, ask.customer_id, ask.customer_token)
    customer = ask.customer_id if trusted and not erased.holds("customer", ask.customer_id) else None
    browser = None if erased.holds("browser", ask.anonymous_id) else ask.anonymous_id
    return Shopper(somebody(customer), somebody(browser))


async def live_log(service: Service, shopper: Shopper) -> tuple[ShopperLog, Sequence[str]]:
    """(their live log, degraded_reasons), in one round trip.

    While keys cannot be checked, nobody's log is read.
    """
    if service.access.keys is None:
        return NO_LOG, KEYS_UNKNOWN
    if shopper == NOBODY:
        return NO_LOG, () if service.store.available else STORE_AWAY
    try:
        return await read_log(service.store, *shopper), ()
    except StoreUnavailable:
        return NO_LOG, STORE_AWAY


def customer_token(secret_key: str, customer_id: str) -> str:
    """The token for a shop's page: HMAC-SHA256 of the id, keyed by SHA-256 of `sk_...`, in hex."""
    return _sign(sha256(secret_key.encode()).hexdigest(), customer_id)


def is_signed(access: Access, customer_id: str | None, token: str | None) -> bool:
    """Whether the token is the one that a holder of a secret key made for this customer."""
    if customer_id is None or token is None:
        return False
    secrets = [hashed for hashed, key in (access.keys or {}).items() if key.scope == "secret"]
    return any(hmac.compare_digest(_sign(each, customer_id).encode(), token.encode()) for each in secrets)


def _sign(secret_sha256: str, customer_id: str) -> str:
    return hmac.new(secret_sha256.encode(), customer_id.encode(), sha256).hexdigest()
