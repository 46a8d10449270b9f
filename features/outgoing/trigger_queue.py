"""Triggers in Redis: whom to look at, what is known of them, what was decided, and what is read of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec

from features.live.customer_facts import CustomerState, live, told_of
from features.outgoing.email_history import sendings_of
from features.store import keys
from features.store.connection import Connection
from features.time_units import DAY_MS, DAY_S

if TYPE_CHECKING:
    import redis

LEASE_MS = 60_000
FURTHEST_MS = 2 * DAY_MS  # nobody is put off for longer
DONE_MS, KEPT_MS = 400 * DAY_MS, 30 * DAY_MS
CONTACTS_S = 100 * DAY_S
BEGINNING = "0-0"


def _script(name: str) -> str:
    return Path(__file__).with_name(f"triggers_{name}.lua").read_text(encoding="utf-8")


CLAIM, SETTLE, READ, FORGET = (_script(name) for name in ("claim", "settle", "read", "forget"))


class Waiting(msgspec.Struct, frozen=True):
    """A trigger handed out and not too late yet. place: in the stream; keys: of its occasions."""

    id: str
    kind: str
    place: str
    at_ms: int
    keys: tuple[str, ...]
    expires_ms: int


class Standing(NamedTuple):
    """What Redis knows of a customer. done: occasion -> when; contacts: trigger or sending id -> when."""

    life: CustomerState
    done: dict[str, int]
    contacts: dict[str, int]
    waiting: tuple[Waiting, ...]


class ToHandOut(NamedTuple):
    """A trigger as it goes out. payload: JSON."""

    id: str
    payload: bytes
    kind: str
    expires_ms: int
    keys: Sequence[str]


class Settled(NamedTuple):
    """What was decided about a customer. look_ms: when to look again, None: nothing is known of them."""

    customer_id: str
    triggers: Sequence[ToHandOut]
    ended: Sequence[str]
    look_ms: int | None


class Page(NamedTuple):
    """last: the place up to which the stream was looked at, "" at its end; triggers: (place, JSON)."""

    last: str
    triggers: list[tuple[str, bytes]]


def enrol(client: redis.Redis, customers: Sequence[str], looks_ms: Sequence[int]) -> None:
    """Have customers looked at by then, unless they are to be already. Times in parallel, epoch ms."""
    if customers:
        client.zadd(keys.look_due(), dict(zip(customers, looks_ms, strict=True)), nx=True)


def began(client: redis.Redis, now_ms: int) -> int:
    """When customers were first looked at, epoch ms: now, if they never were."""
    client.set(keys.triggers_began(), now_ms, nx=True)
    return int(cast(bytes, client.get(keys.triggers_began()) or str(now_ms)))


def claim(client: redis.Redis, now_ms: int, limit: int) -> list[str]:
    """Customers to look at, the caller's alone until `now_ms + LEASE_MS`."""
    words = (now_ms, now_ms + LEASE_MS, now_ms + FURTHEST_MS, limit)
    found = client.eval(CLAIM, 1, keys.look_due(), *map(str, words))
    return [customer.decode() for customer in cast(list[bytes], found)]


def standings(client: redis.Redis, customers: Sequence[str]) -> list[Standing]:
    """What is known of customers, in one round trip."""
    with client.pipeline(transaction=False) as ask:
        for customer in customers:
            ask.lrange(keys.shopper_log(customer, known=True), 0, -1)
            ask.hgetall(keys.told(customer, known=True))
            ask.zrange(keys.triggers_done(customer), 0, -1, withscores=True)
            ask.zrange(keys.contacts(customer), 0, -1, withscores=True)
            ask.get(keys.sendings(customer))
            ask.hvals(keys.triggers_waiting(customer))
        replies = ask.execute()
    return [_standing(*replies[start : start + 6]) for start in range(0, len(replies), 6)]


def settle(client: redis.Redis, decided: Sequence[Settled], claimed_ms: int, now_ms: int) -> int:
    """Write decisions about claimed customers; returns how many triggers are new.

    About whom an event came in since, or whom somebody else has taken over, nothing is written: they are
    looked at again.
    """
    script = client.script_load(SETTLE)
    with client.pipeline(transaction=False) as tell:
        for each in decided:
            tell.evalsha(script, 5, *_touched(each.customer_id), *_words(each, claimed_ms, now_ms))
        return sum(max(new, 0) for new in cast(list[int], tell.execute()))


async def read_page(
    store: Connection, after: str, kinds: Sequence[str], now_ms: int, limit: int, *, note: bool = True
) -> Page:
    """The next triggers after a place, none that is too late. note: they count as contacts from now on.

    Raises StoreUnavailable.
    """
    words: tuple[str | int, ...] = (
        after,
        limit,
        now_ms,
        CONTACTS_S,
        keys.contacts_prefix(),
        int(note),
        *kinds,
    )
    last, found = await store.call("EVAL", READ, 1, keys.triggers(), *words)
    pairs = zip(found[::2], found[1::2], strict=True)
    return Page(last.decode(), [(place.decode(), payload) for place, payload in pairs])


def forget(client: redis.Redis, customer_id: str) -> None:
    """Everything of this file about one customer."""
    client.eval(FORGET, 2, keys.triggers(), keys.triggers_copy(), customer_id)
    client.delete(*_touched(customer_id)[2:], keys.told(customer_id, known=True))
    client.zrem(keys.look_due(), customer_id)
    for watchers in client.scan_iter(match=f"{keys.watchers_prefix()}*"):
        client.zrem(watchers, customer_id)


def _touched(customer_id: str) -> tuple[str, ...]:
    return (
        keys.look_due(),
        keys.triggers(),
        keys.triggers_waiting(customer_id),
        keys.triggers_done(customer_id),
        keys.contacts(customer_id),
    )


def _words(each: Settled, claimed_ms: int, now_ms: int) -> list[Any]:
    look = "" if each.look_ms is None else each.look_ms
    words = [each.customer_id, claimed_ms + LEASE_MS, look, now_ms, DONE_MS, KEPT_MS, len(each.ended)]
    words += each.ended
    for new in each.triggers:
        words += [new.id, new.payload, new.kind, new.expires_ms, msgspec.json.encode(list(new.keys))]
    return words


def _standing(
    log: list[bytes],
    told: dict[bytes, bytes],
    done: list[tuple[bytes, float]],
    read: list[tuple[bytes, float]],
    sent: bytes | None,
    waiting: list[bytes],
) -> Standing:
    contacts = {sending.send_id: sending.at_ms for sending in sendings_of(sent)}
    return Standing(
        live(log, told_of(told)),
        {key.decode(): int(at) for key, at in done},
        contacts | {trigger.decode(): int(at) for trigger, at in read},
        tuple(msgspec.json.decode(each, type=Waiting) for each in waiting),
    )
