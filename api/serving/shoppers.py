"""Which shopper an answer is for, and their live log."""

import hmac
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from fastapi import Request

from api.schemas.recommendations import Ask
from api.serving.service import Service
from api.web.access import Access, header
from features.events.nobody import somebody
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
    """The ids that the answer may use. Who objects to profiling (`personalise=false`, a browser's Sec-GPC) is
    nobody, and so are erased people and their browsers, and ids that name nobody.

    A public key reads another person's history only with the token that the shop's server made
    (`customer_token`); without it the answer is the anonymous one, whether the customer exists or not.
    """
    if not ask.personalise or (scope == "public" and header(request, b"sec-gpc") == "1"):
        return NOBODY
    access, erased = service.access, service.erased
    trusted = scope == "secret" or access.open or is_signed(access, ask.customer_id, ask.customer_token)
    browser = None if erased.holds("browser", ask.anonymous_id) else somebody(ask.anonymous_id)
    return Shopper(service.customer(ask.customer_id) if trusted else None, browser)


class LiveShopper(NamedTuple):
    """shopper: NOBODY where they said no to profiling; degraded_reasons: why their log could not be read."""

    shopper: Shopper
    log: ShopperLog = NO_LOG
    degraded_reasons: Sequence[str] = ()

    @property
    def refused(self) -> bool:
        """Whether they said no to profiling."""
        return self.log.refused


async def live_shopper(service: Service, shopper: Shopper) -> LiveShopper:
    """The shopper whom the answer is for, with their live log, in one round trip.

    While keys cannot be checked, nobody's log is read. While the store is away, who said no to profiling is
    nobody from the next training on, which leaves their name out of the model.
    """
    if service.access.keys is None:
        return LiveShopper(shopper, NO_LOG, KEYS_UNKNOWN)
    if shopper == NOBODY:
        return LiveShopper(NOBODY, NO_LOG, () if service.store.available else STORE_AWAY)
    try:
        log = await read_log(service.store, *shopper)
    except StoreUnavailable:
        return LiveShopper(shopper, NO_LOG, STORE_AWAY)
    return LiveShopper(NOBODY if log.refused else shopper, log)


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
