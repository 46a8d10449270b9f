"""`/v1/customers/{id}`: one customer's profile, live orders included."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
import numpy as np
from fastapi import APIRouter, Response

from api.serving.security import SecretService
from api.serving.service import Service
from api.web.openapi import documented
from api.web.replies import JsonReply, encode
from features.home import Home
from features.live.customer_facts import CustomerState, live, told_of
from features.merchant.tiers import read_tiers
from features.outgoing.email_history import Sending, sendings_of
from features.store import keys
from features.store.connection import StoreUnavailable
from recommender.customers.build_profile import profile
from recommender.customers.profile import Contact, Profile
from recommender.customers.tiers import BadTiers, TierPlan, read_plan

router = APIRouter(tags=["customers"])
log = logging.getLogger("perennial.customers")
MOST_CONTACTS = 20


@router.get("/v1/customers/{customer_id}", **documented(Profile))
async def customer_profile(customer_id: str, service: SecretService) -> Response:
    """What is known and expected of one customer. Needs a secret key.

    Somebody unknown is 200 with `known: false` and nothing else: an e-mail tool goes on all the same.
    """
    known = await _known(service, customer_id)
    plan = await asyncio.to_thread(_plan, service.home)
    recommender = service.recommender
    found = profile(
        customer_id,
        recommender.bundle if recommender else None,
        recommender.availability if recommender else None,
        known.life.shopper.purchases,
        plan,
        time.time(),
        np.random.default_rng(0),  # the same question, the same answer
    )
    return JsonReply(encode(with_live(found, known)))


class Known(NamedTuple):
    """What the store remembers of a customer. read_ms: trigger id -> when it was read, epoch ms."""

    life: CustomerState = CustomerState()
    sendings: Sequence[Sending] = ()
    read_ms: Mapping[str, int] = {}
    missing: Sequence[str] = ()


def with_live(found: Profile, known: Known) -> Profile:
    """The profile under what was told and sent since the last training."""
    said = known.life.all_consents()
    told = {} if found.consent is None else {"email": found.consent}
    return msgspec.structs.replace(
        found,
        known=found.known or not known.life.is_empty,
        country=known.life.value("country") or found.country,
        language=known.life.value("language") or found.language,
        consent=said.get("email", found.consent),
        consents=told | said,
        last_contacts=contacts(found.customer_id, known),
        degraded_reasons=[*found.degraded_reasons, *known.missing],
    )


def contacts(customer_id: str, known: Known) -> list[Contact]:
    """Newest first. A trigger that was read, and an e-mail that asked for picks under its id, are one."""
    sent = {sending.send_id: sending for sending in known.sendings}
    first_ms = {name: sending.at_ms for name, sending in sent.items()}
    for name, at_ms in known.read_ms.items():
        first_ms[name] = min(at_ms, first_ms.get(name, at_ms))
    found = [_contact(at_ms, name, customer_id, sent.get(name)) for name, at_ms in first_ms.items()]
    return sorted(found, key=lambda each: each.at, reverse=True)[:MOST_CONTACTS]


async def _known(service: Service, customer_id: str) -> Known:
    """In one round trip; what is missing, if the store is away."""
    try:
        events = service.store.send("LRANGE", keys.shopper_log(customer_id, known=True), 0, -1)
        told = service.store.send("HGETALL", keys.told(customer_id, known=True))
        sent = service.store.send("GET", keys.sendings(customer_id))
        read = service.store.send("ZREVRANGE", keys.contacts(customer_id), 0, MOST_CONTACTS - 1, "WITHSCORES")
        return Known(
            live(await events, told_of(_pairs(await told))),
            sendings_of(await sent),
            {name.decode(): int(float(at)) for name, at in _pairs(await read).items()},
        )
    except StoreUnavailable:
        return Known(missing=["store_unavailable"])


def _pairs(flat: Sequence[bytes]) -> dict[bytes, bytes]:
    """A reply that names and values take turns in."""
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _plan(home: Home) -> TierPlan | None:
    """The merchant's tiers; ones that cannot be used are logged, and nobody has any."""
    try:
        return read_plan(read_tiers(home))
    except BadTiers as error:
        log.warning("no tiers", extra={"reason": str(error)})
        return None


def _contact(at_ms: int, name: str, customer_id: str, sending: Sending | None) -> Contact:
    occasion = name.removeprefix(f"{customer_id}:")
    about = occasion.partition(":")[0] if occasion != name else "picks"
    return Contact(
        datetime.fromtimestamp(at_ms / 1000, UTC), about, name, list(sending.product_ids if sending else ())
    )
