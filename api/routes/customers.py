"""`/v1/customers/{id}`: one customer's profile, live orders included."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, NamedTuple

import msgspec
import numpy as np
from fastapi import APIRouter, Request, Response

from api.schemas.customers import CustomerAnswer, CustomerAsk, Part
from api.serving.customer_parts import parts_of
from api.serving.inputs import Sent, body_of
from api.serving.security import SecretService
from api.serving.service import Service
from api.serving.shoppers import STORE_AWAY
from api.serving.tiers import tier_plan
from api.web.openapi import documented, takes
from api.web.problems import Problem
from api.web.queries import CustomerId, checked
from api.web.replies import JsonReply, encode
from features.events.nobody import is_nobody
from features.events.vocabulary import Id
from features.live.customer_facts import CustomerState, fold_customer, parse_facts
from features.outgoing.email_history import Sending, sendings_of
from features.people.links import MERGE, link_names
from features.store import keys
from features.store.connection import StoreUnavailable
from recommender.customers.build_profile import build_profile
from recommender.customers.live_profile import with_live_state
from recommender.customers.profile import Contact, Profile
from recommender.customers.tiers import TierPlan

router = APIRouter(tags=["customers"])
MOST_CONTACTS = 20


@router.get("/v1/customers", include_in_schema=False)
@router.get("/v1/customers/{customer_id:any}", **documented(CustomerAnswer, 422, query=CustomerAsk))
async def customer_profile(request: Request, customer_id: CustomerId, service: SecretService) -> Response:
    """What is known and expected of one customer, and with `with=picks,offers,orders,tickets` all that a
    support desk needs in one call. Needs a secret key.

    Also at `/v1/customers?customer_id=`, which takes an id that ends in `/picks` or `/export`, too.
    Somebody unknown is 200 with `known: false`: an e-mail tool goes on all the same. Who was erased is
    unknown, whatever `with` says.
    """
    wanted = _parts_of_query(request)
    current = service.customer(customer_id)
    if current is None:
        return JsonReply(encode(Profile(customer_id, known=False)))
    customer_id = current
    stored = await _read_stored(service, customer_id)
    plan = await asyncio.to_thread(tier_plan, service.home)
    recommender = service.recommender
    trained = build_profile(
        customer_id,
        recommender.bundle if recommender else None,
        recommender.availability if recommender else None,
        stored.state.shopper.purchases,
        plan,
        time.time(),
        np.random.default_rng(0),  # the same question, the same answer
    )
    profile = with_live(trained, stored, plan)
    parts = await parts_of(service, customer_id, wanted, stored.state.shopper.purchases)
    return JsonReply(encode(CustomerAnswer(**msgspec.structs.asdict(profile), **parts)))


def _parts_of_query(request: Request) -> Sequence[Part]:
    """Raises Problem 422."""
    parts = [part for part in request.query_params.get("with", "").split(",") if part]
    return checked({"with": parts}, CustomerAsk, strict=False).parts


class CustomersToMerge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two names of one person. customer_id: the name that gives way to `into`."""

    customer_id: Id
    into: Id


class Merged(msgspec.Struct, frozen=True):
    """customer_id: the name that both go by now; merged: whether they were two until now."""

    customer_id: str
    merged: bool


@router.post(
    "/v1/customers/merge",
    **documented(Merged, 400, 413, 422, 503, body=takes(CustomersToMerge)),
)
async def merge_customers(
    service: SecretService, body: Annotated[Sent[CustomersToMerge], body_of(CustomersToMerge)]
) -> Response:
    """Make two customers one. Needs a secret key. Their live state is one at once, their history from the
    next training on; merging them again changes nothing. `perennial customers part` takes it back.
    """
    ask = body.checked
    for name in (ask.customer_id, ask.into):
        if is_nobody(name):
            raise Problem(422, f"{name!r} names nobody: merge ids of customers.")
        if service.customer(name) is None:
            raise Problem(422, f"{name!r} was erased: nothing of them is kept, and nothing can be merged.")
    linked = await link_names(service.writes, ask.into, [ask.customer_id], MERGE, service.store_settings)
    await service.refresh_people()
    return JsonReply(encode(Merged(linked.customer_id, linked.changed)))


class StoredCustomer(NamedTuple):
    """A customer as the store has them. read_ms: trigger id -> when it was read, epoch ms."""

    state: CustomerState = CustomerState()
    sendings: Sequence[Sending] = ()
    read_ms: Mapping[str, int] = {}
    degraded_reasons: Sequence[str] = ()


def with_live(trained: Profile, stored: StoredCustomer, plan: TierPlan | None) -> Profile:
    """The trained profile, updated by the state and messages that the store has."""
    return msgspec.structs.replace(
        with_live_state(trained, stored.state, plan),
        last_contacts=contacts(trained.customer_id, stored),
        degraded_reasons=[*trained.degraded_reasons, *stored.degraded_reasons],
    )


def contacts(customer_id: str, stored: StoredCustomer) -> list[Contact]:
    """Newest first. A trigger that was read, and an e-mail that asked for picks under its id, are one."""
    sent = {sending.send_id: sending for sending in stored.sendings}
    first_ms = {name: sending.at_ms for name, sending in sent.items()}
    for name, at_ms in stored.read_ms.items():
        first_ms[name] = min(at_ms, first_ms.get(name, at_ms))
    all_contacts = [_contact(at_ms, name, customer_id, sent.get(name)) for name, at_ms in first_ms.items()]
    return sorted(all_contacts, key=lambda each: each.at, reverse=True)[:MOST_CONTACTS]


async def _read_stored(service: Service, customer_id: str) -> StoredCustomer:
    """In one round trip; without the store, empty and with the reason."""
    try:
        events = service.store.send("LRANGE", keys.shopper_log(customer_id, identified=True), 0, -1)
        facts = service.store.send("HGETALL", keys.customer_facts(customer_id, identified=True))
        sent = service.store.send("GET", keys.sendings(customer_id))
        read = service.store.send("ZREVRANGE", keys.contacts(customer_id), 0, MOST_CONTACTS - 1, "WITHSCORES")
        return StoredCustomer(
            fold_customer(await events, parse_facts(_pairs(await facts))),
            sendings_of(await sent),
            {name.decode(): int(float(at)) for name, at in _pairs(await read).items()},
        )
    except StoreUnavailable:
        return StoredCustomer(degraded_reasons=STORE_AWAY)


def _pairs(flat: Sequence[bytes]) -> dict[bytes, bytes]:
    """Names and values in turns -> a mapping."""
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _contact(at_ms: int, name: str, customer_id: str, sending: Sending | None) -> Contact:
    occasion = name.removeprefix(f"{customer_id}:")
    about = occasion.partition(":")[0] if occasion != name else "picks"
    return Contact(
        datetime.fromtimestamp(at_ms / 1000, UTC), about, name, list(sending.product_ids if sending else ())
    )
