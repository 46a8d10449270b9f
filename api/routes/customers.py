"""`/v1/customers/{id}`: one customer's profile, live orders included."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime

import msgspec
import numpy as np
from fastapi import APIRouter, Request, Response

from api.answers import JsonReply, encode
from api.openapi import answers
from api.service import Service
from features import keys
from features.connection import StoreUnavailable
from features.home import Home
from features.sent import Sending, sendings_of
from features.shopper import ShopperState, fold
from features.tiers import read_tiers
from recommender.profile import Contact, Profile
from recommender.profiling import profile
from recommender.tiers import BadTiers, TierPlan, read_plan

router = APIRouter(tags=["customers"])
log = logging.getLogger("perennial.customers")


@router.get("/v1/customers/{customer_id}", responses=answers(Profile))
async def customer_profile(customer_id: str, request: Request) -> Response:
    """What is known and expected of one customer. Needs a secret key.

    Somebody unknown is 200 with `known: false` and nothing else: an e-mail tool goes on all the same.
    """
    service: Service = request.app.state.service
    service.access.require_secret(request)
    state, sendings, missing = await _known(service, customer_id)
    plan = await asyncio.to_thread(_plan, service.home)
    recommender = service.recommender
    found = profile(
        customer_id,
        recommender.bundle if recommender else None,
        recommender.shelf if recommender else None,
        state.purchases,
        plan,
        time.time(),
        np.random.default_rng(0),  # the same question, the same answer
    )
    contacts = [_contact(sending) for sending in sendings]
    reasons = [*found.degraded_reasons, *missing]
    return JsonReply(encode(msgspec.structs.replace(found, last_contacts=contacts, degraded_reasons=reasons)))


async def _known(service: Service, customer_id: str) -> tuple[ShopperState, tuple[Sending, ...], list[str]]:
    """What the store remembers, in one round trip, and what is missing if it is away."""
    try:
        events = service.store.send("LRANGE", keys.shopper_log(customer_id, known=True), 0, -1)
        sent = service.store.send("GET", keys.sendings(customer_id))
        return fold(await events), sendings_of(await sent), []
    except StoreUnavailable:
        return ShopperState(), (), ["store_unavailable"]


def _plan(home: Home) -> TierPlan | None:
    """The merchant's tiers; ones that cannot be used are logged, and nobody has any."""
    try:
        return read_plan(read_tiers(home))
    except BadTiers as error:
        log.warning("no tiers", extra={"reason": str(error)})
        return None


def _contact(sending: Sending) -> Contact:
    at = datetime.fromtimestamp(sending.at_ms / 1000, UTC)
    return Contact(at, sending.send_id, list(sending.product_ids))
