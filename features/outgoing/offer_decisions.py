"""Offer decisions in Redis: a visitor's promises, the money spent per budget, and the log of decisions.

The recommender decides and interprets promises; here they are JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from features.live.customer_facts import DatedFact, parse_facts
from features.store import keys
from features.store.connection import Connection
from features.time_units import DAY_MS, DAY_S

DECIDE_SCRIPT = Path(__file__).with_name("decisions.lua").read_text(encoding="utf-8")
LIFE_S = 400 * DAY_S
CONTACTS_S = 100 * DAY_S
LONGEST_CAP_MS = 366 * DAY_MS
MOST_QUESTIONS = 20
"""Decisions that are remembered of one customer or browser."""


class Promises(msgspec.Struct, frozen=True):
    """A customer's or a browser's promised offers.

    decisions: question (channel and class of the cart) -> the last decision as JSON, the newest last;
    given: (offer id, epoch ms) of offers given, newest first.
    """

    decisions: dict[str, msgspec.Raw] = msgspec.field(default_factory=dict)
    given: tuple[tuple[str, int], ...] = ()

    def with_decision(self, question: str, decision: bytes, offer_id: str | None, now_ms: int) -> Promises:
        """The promises after a further decision; offer_id None: it gave no offer."""
        others = {key: each for key, each in self.decisions.items() if key != question}
        newest = list(others.items())[1 - MOST_QUESTIONS :]
        kept = tuple(each for each in self.given if each[1] > now_ms - LONGEST_CAP_MS)
        new = () if offer_id is None else ((offer_id, now_ms),)
        return Promises({**dict(newest), question: msgspec.Raw(decision)}, (*new, *kept))


class DecisionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One decision, for reports and training; of a customer, or else of a browser.

    arms, chances, worth: in parallel: the possible offers ("none" among them), the probability of each, and
    the money expected above no offer. features, values: the model's inputs by name, in parallel. margin: of
    the expected order, before any offer; cost: what the offer gives away when used. cart and all that follow:
    the inputs of eligibility, so that another catalogue can be evaluated on the same case.
    """

    decision_id: str
    decided_at: datetime
    expires_at: datetime
    customer_id: str | None
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
    anonymous_id: str | None = None


class Charge(NamedTuple):
    """money: to take from a budget; amount: the budget's total."""

    budget: str
    amount: float
    money: float


class OfferState(NamedTuple):
    """What a decision reads from Redis. packed: the promises as stored, b"" for none; spent: money per
    budget; contacts: id -> epoch ms of messages that were handed out, sent offers among them."""

    packed: bytes
    promises: Promises
    spent: Mapping[str, float]
    facts: Mapping[str, DatedFact]
    contacts: Mapping[str, int]


async def read_offers(store: Connection, visitor: str, *, identified: bool) -> OfferState:
    """Of a customer, or of a browser, who has no messages. Read in one round trip; unreadable promises count
    as none. Raises StoreUnavailable."""
    replies = [
        store.send("GET", keys.promises(visitor, identified=identified)),
        store.send("HGETALL", keys.budgets_spent()),
        store.send("HGETALL", keys.customer_facts(visitor, identified=identified)),
    ]
    if identified:
        replies.append(store.send("ZRANGE", keys.contacts(visitor), 0, -1, "WITHSCORES"))
    packed, spent, facts, *messages = [await reply for reply in replies]
    contacts = messages[0] if messages else []
    return OfferState(
        packed or b"",
        _promises(packed),
        {budget.decode(): float(money) for budget, money in _pairs(spent).items()},
        parse_facts(_pairs(facts)),
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
    """Store a decision atomically. False: nothing was stored; read and decide again, since the promises
    changed meanwhile or a budget is spent.

    contact: id of the message to a customer that the offer is sent with, "" if it is not sent. Raises
    StoreUnavailable: the decision may have been stored, and the next read shows it.
    """
    visitor, at_ms = (
        record.customer_id or record.anonymous_id or "",
        int(record.decided_at.timestamp() * 1000),
    )
    script_keys = (
        keys.promises(visitor, identified=record.customer_id is not None),
        keys.budgets_spent(),
        keys.decision_stream(),
        keys.contacts(visitor),
    )
    kept = before.packed, msgspec.json.encode(promises), LIFE_S, msgspec.json.encode(record)
    arguments = (*kept, contact, at_ms, CONTACTS_S)
    budgets = [
        argument for each in charges for argument in (each.budget, repr(each.amount), repr(each.money))
    ]
    return bool(await store.call("EVAL", DECIDE_SCRIPT, len(script_keys), *script_keys, *arguments, *budgets))


def _promises(packed: bytes | None) -> Promises:
    try:
        return msgspec.json.decode(packed, type=Promises) if packed else Promises()
    except msgspec.DecodeError:
        return Promises()


def _pairs(flat: Sequence[bytes]) -> dict[bytes, bytes]:
    return dict(zip(flat[::2], flat[1::2], strict=True))
