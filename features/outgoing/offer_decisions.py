"""Offers that were promised: what a customer got, what budgets have left, and the log of every decision.

What an offer means is the recommender's business; here a promise is JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from features.live.customer_facts import DatedFact, told_of
from features.store import keys
from features.store.connection import Connection
from features.time_units import DAY_MS, DAY_S

SCRIPT = Path(__file__).with_name("decisions.lua").read_text(encoding="utf-8")
LIFE_S = 400 * DAY_S
CONTACTS_S = 100 * DAY_S
LONGEST_CAP_MS = 366 * DAY_MS


class Promises(msgspec.Struct, frozen=True):
    """standing: the newest decision, as its maker wrote it; given: (offer id, epoch ms), newest first."""

    standing: msgspec.Raw = msgspec.Raw(b"null")
    given: tuple[tuple[str, int], ...] = ()

    def then(self, standing: bytes, offer_id: str | None, now_ms: int) -> Promises:
        """After a further decision; offer_id None: it gave nothing."""
        kept = tuple(each for each in self.given if each[1] > now_ms - LONGEST_CAP_MS)
        new = () if offer_id is None else ((offer_id, now_ms),)
        return Promises(msgspec.Raw(standing), (*new, *kept))


class DecisionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One decision as reports and training read it.

    arms, chances and worth run in parallel, "none" among them: what could be taken, how likely, and the
    money expected above no offer. features: what the model was told, in parallel with `values`. margin: of
    the order to expect, before any offer; cost: what the offer gives away where it is used. From cart on:
    what decided who may get what, so that another catalogue can be tried on the same question.
    """

    decision_id: str
    decided_at: datetime
    expires_at: datetime
    customer_id: str
    channel: str
    offer_id: str
    propensity: float
    stage: str
    arms: tuple[str, ...]
    chances: tuple[float, ...]
    worth: tuple[float, ...]
    features: tuple[str, ...]
    values: tuple[float, ...]
    basket: float
    margin: float
    cost: float
    catalogue_revision: int
    model_version: str
    cart: float = 0.0
    segment: str | None = None
    tier: str | None = None
    country: str | None = None
    first_order: bool = False
    consent: bool = True


class Charge(NamedTuple):
    """Money from a budget that holds `amount` in all."""

    budget: str
    amount: float
    money: float


class OfferState(NamedTuple):
    """What the store knows before a decision. packed: the promises as they lie there, b"" for none;
    contacts: id -> epoch ms of messages that were handed out, sent offers among them."""

    packed: bytes
    promises: Promises
    spent: Mapping[str, float]
    told: Mapping[str, DatedFact]
    contacts: Mapping[str, int]


async def read_offers(store: Connection, customer_id: str) -> OfferState:
    """In one round trip; promises that cannot be read count as none. Raises StoreUnavailable."""
    replies = (
        store.send("GET", keys.promises(customer_id)),
        store.send("HGETALL", keys.budgets_spent()),
        store.send("HGETALL", keys.told(customer_id, known=True)),
        store.send("ZRANGE", keys.contacts(customer_id), 0, -1, "WITHSCORES"),
    )
    packed, spent, told, contacts = [await reply for reply in replies]
    return OfferState(
        packed or b"",
        _promises(packed),
        {budget.decode(): float(money) for budget, money in _pairs(spent).items()},
        told_of(_pairs(told)),
        {name.decode(): int(float(at)) for name, at in _pairs(contacts).items()},
    )


async def read_spent(store: Connection) -> dict[str, float]:
    """Money promised from each budget. Raises StoreUnavailable."""
    spent = await store.call("HGETALL", keys.budgets_spent())
    return {budget.decode(): float(money) for budget, money in _pairs(spent).items()}


async def keep_decision(
    store: Connection,
    before: OfferState,
    promises: Promises,
    record: DecisionRecord,
    charges: Sequence[Charge],
    contact: str = "",
) -> bool:
    """Count a decision, in one step and once; False: look again, somebody was faster or a budget is spent.

    contact: id of the message that the offer is sent with, where it is sent. Raises StoreUnavailable: it may
    have been counted, then the next look finds it.
    """
    customer, at_ms = record.customer_id, int(record.decided_at.timestamp() * 1000)
    touched = (
        keys.promises(customer),
        keys.budgets_spent(),
        keys.decision_stream(),
        keys.contacts(customer),
    )
    kept = before.packed, msgspec.json.encode(promises), LIFE_S, msgspec.json.encode(record)
    words = (*kept, contact, at_ms, CONTACTS_S)
    money = [word for each in charges for word in (each.budget, repr(each.amount), repr(each.money))]
    return bool(await store.call("EVAL", SCRIPT, len(touched), *touched, *words, *money))


def _promises(packed: bytes | None) -> Promises:
    try:
        return msgspec.json.decode(packed, type=Promises) if packed else Promises()
    except msgspec.DecodeError:
        return Promises()


def _pairs(flat: Sequence[bytes]) -> dict[bytes, bytes]:
    return dict(zip(flat[::2], flat[1::2], strict=True))
