"""The queue of lifecycle triggers in Redis: customers to look at, decisions about them, triggers to send."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec

from features.live.customer_facts import CustomerState, fold_customer, parse_facts
from features.outgoing.email_history import sendings_of
from features.outgoing.offer_decisions import CONTACTS_S
from features.store import keys
from features.store.connection import Connection
from features.time_units import DAY_MS

if TYPE_CHECKING:
    import redis

LEASE_MS = 60_000
FURTHEST_MS = 2 * DAY_MS  # every customer is looked at again within this time
DONE_MS, KEPT_MS = 400 * DAY_MS, 30 * DAY_MS
BEGINNING = "0-0"


def _script(name: str) -> str:
    return Path(__file__).with_name(f"triggers_{name}.lua").read_text(encoding="utf-8")


CLAIM, SETTLE, READ, FORGET = (_script(name) for name in ("claim", "settle", "read", "forget"))


class Waiting(msgspec.Struct, frozen=True):
    """A trigger handed out and not expired yet. entry_id: in the stream; keys: of its occasions."""

    id: str
    kind: str
    entry_id: str = msgspec.field(name="place")
    at_ms: int
    keys: tuple[str, ...]
    expires_ms: int


class TriggerState(NamedTuple):
    """A customer's state in Redis. done: occasion -> epoch ms; contacts: trigger or e-mail id -> epoch ms."""

    life: CustomerState
    done: dict[str, int]
    contacts: dict[str, int]
    waiting: tuple[Waiting, ...]


class NewTrigger(NamedTuple):
    """A trigger as it goes out. payload: JSON."""

    id: str
    payload: bytes
    kind: str
    expires_ms: int
    keys: Sequence[str]


class TriggerDecision(NamedTuple):
    """The decision about a customer. ended: ids of triggers that no longer apply; look_ms: when to look at
    the customer again, None: never, since nothing is stored about them."""

    customer_id: str
    triggers: Sequence[NewTrigger]
    ended: Sequence[str]
    look_ms: int | None


class Page(NamedTuple):
    """last: entry id up to which the stream was read, "" at its end; triggers: (entry id, JSON)."""

    last: str
    triggers: list[tuple[str, bytes]]


def enrol(client: redis.Redis, customers: Sequence[str], looks_ms: Sequence[int]) -> None:
    """Queue customers who are not queued yet. looks_ms: when to look at each, epoch ms, in parallel."""
    if customers:
        client.zadd(keys.look_due(), dict(zip(customers, looks_ms, strict=True)), nx=True)


def began(client: redis.Redis, now_ms: int) -> int:
    """When triggers were first decided, epoch ms; the first call sets it to now."""
    client.set(keys.triggers_began(), now_ms, nx=True)
    return int(cast(bytes, client.get(keys.triggers_began()) or str(now_ms)))


def claim(client: redis.Redis, now_ms: int, limit: int) -> list[str]:
    """Up to `limit` customers who are due; no other worker gets them until `now_ms + LEASE_MS`."""
    arguments = (now_ms, now_ms + LEASE_MS, now_ms + FURTHEST_MS, limit)
    reply = client.eval(CLAIM, 1, keys.look_due(), *map(str, arguments))
    return [customer.decode() for customer in cast(list[bytes], reply)]


def read_states(client: redis.Redis, customers: Sequence[str]) -> list[TriggerState]:
    """Read customers' states in one round trip, in the order given."""
    with client.pipeline(transaction=False) as pipe:
        for customer in customers:
            pipe.lrange(keys.shopper_log(customer, identified=True), 0, -1)
            pipe.hgetall(keys.customer_facts(customer, identified=True))
            pipe.zrange(keys.triggers_done(customer), 0, -1, withscores=True)
            pipe.zrange(keys.contacts(customer), 0, -1, withscores=True)
            pipe.get(keys.sendings(customer))
            pipe.hvals(keys.triggers_waiting(customer))
        replies = pipe.execute()
    return [_state(*replies[start : start + 6]) for start in range(0, len(replies), 6)]


async def read_states_of(store: Connection, customers: Sequence[str]) -> list[TriggerState]:
    """As `read_states`, of a connection that waits. Raises StoreUnavailable."""
    asked = [store.send(*command) for customer in customers for command in _state_commands(customer)]
    replies = [await each for each in asked]
    states = []
    for start in range(0, len(replies), 6):
        log, facts, done, contacts, sendings, waiting = replies[start : start + 6]
        states.append(_state(log, _pairs(facts), _scored(done), _scored(contacts), sendings, waiting))
    return states


async def waiting_for(store: Connection, customer_id: str, now_ms: int) -> list[Waiting]:
    """A customer's triggers that have not expired, the soonest to do so first. Raises StoreUnavailable."""
    held = await store.call("HVALS", keys.triggers_waiting(customer_id))
    waiting = [msgspec.json.decode(each, type=Waiting) for each in held]
    return sorted((each for each in waiting if each.expires_ms > now_ms), key=lambda each: each.expires_ms)


async def note_contacts(store: Connection, read: Sequence[tuple[str, str]], now_ms: int) -> None:
    """Count triggers, (customer, id) each, as messages to their customers. Raises StoreUnavailable."""
    for each in [store.send(*command) for command in _contact_commands(read, now_ms)]:
        await each


def note_contacts_sync(client: redis.Redis, read: Sequence[tuple[str, str]], now_ms: int) -> None:
    """As `note_contacts`, for the worker."""
    with client.pipeline(transaction=False) as pipe:
        for command in _contact_commands(read, now_ms):
            pipe.execute_command(*command)  # type: ignore[no-untyped-call]
        pipe.execute()


def _contact_commands(read: Sequence[tuple[str, str]], now_ms: int) -> Iterator[tuple[str | int, ...]]:
    for customer, trigger in read:
        yield "ZADD", keys.contacts(customer), "NX", now_ms, trigger
        yield "EXPIRE", keys.contacts(customer), CONTACTS_S


def _state_commands(customer: str) -> Iterator[tuple[str | int, ...]]:
    yield "LRANGE", keys.shopper_log(customer, identified=True), 0, -1
    yield "HGETALL", keys.customer_facts(customer, identified=True)
    yield "ZRANGE", keys.triggers_done(customer), 0, -1, "WITHSCORES"
    yield "ZRANGE", keys.contacts(customer), 0, -1, "WITHSCORES"
    yield "GET", keys.sendings(customer)
    yield "HVALS", keys.triggers_waiting(customer)


def _pairs(flat: Sequence[bytes]) -> dict[bytes, bytes]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _scored(flat: Sequence[bytes]) -> list[tuple[bytes, float]]:
    return [(name, float(score)) for name, score in _pairs(flat).items()]


def settle(client: redis.Redis, decided: Sequence[TriggerDecision], claimed_ms: int, now_ms: int) -> int:
    """Write decisions about claimed customers; returns how many triggers are new.

    Nothing is written about a customer who had an event since the claim or whose lease has ended: they are
    looked at again.
    """
    script = client.script_load(SETTLE)
    with client.pipeline(transaction=False) as pipe:
        for each in decided:
            pipe.evalsha(
                script, 5, *_script_keys(each.customer_id), *_settle_arguments(each, claimed_ms, now_ms)
            )
        return sum(max(new, 0) for new in cast(list[int], pipe.execute()))


async def read_page(store: Connection, after: str, kinds: Sequence[str], now_ms: int, limit: int) -> Page:
    """The next triggers after an entry id, without expired ones. Raises StoreUnavailable."""
    arguments: tuple[str | int, ...] = (after, limit, now_ms, *kinds)
    return _page(*await store.call("EVAL", READ, 1, keys.triggers(), *arguments))


def read_page_sync(client: redis.Redis, after: str, now_ms: int, limit: int) -> Page:
    """As `read_page` of all kinds, for the worker and commands."""
    return _page(*cast(Any, client.eval(READ, 1, keys.triggers(), after, str(limit), str(now_ms))))


def _page(last: bytes, reply: Sequence[bytes]) -> Page:
    pairs = zip(reply[::2], reply[1::2], strict=True)
    return Page(last.decode(), [(entry_id.decode(), payload) for entry_id, payload in pairs])


def forget(client: redis.Redis, customer_id: str) -> None:
    """Delete all trigger data and facts of one customer."""
    client.eval(FORGET, 2, keys.triggers(), keys.triggers_copy(), customer_id)
    client.delete(*_script_keys(customer_id)[2:], keys.customer_facts(customer_id, identified=True))
    client.zrem(keys.look_due(), customer_id)
    for watchers in client.scan_iter(match=f"{keys.watchers_prefix()}*"):
        client.zrem(watchers, customer_id)


def _script_keys(customer_id: str) -> tuple[str, ...]:
    """Keys of the settle script."""
    return (
        keys.look_due(),
        keys.triggers(),
        keys.triggers_waiting(customer_id),
        keys.triggers_done(customer_id),
        keys.contacts(customer_id),
    )


def _settle_arguments(each: TriggerDecision, claimed_ms: int, now_ms: int) -> list[Any]:
    look = "" if each.look_ms is None else each.look_ms
    arguments = [each.customer_id, claimed_ms + LEASE_MS, look, now_ms, DONE_MS, KEPT_MS, len(each.ended)]
    arguments += each.ended
    for new in each.triggers:
        arguments += [new.id, new.payload, new.kind, new.expires_ms, msgspec.json.encode(list(new.keys))]
    return arguments


def _state(
    log: list[bytes],
    facts: dict[bytes, bytes],
    done: list[tuple[bytes, float]],
    read_triggers: list[tuple[bytes, float]],
    sendings: bytes | None,
    waiting: list[bytes],
) -> TriggerState:
    contacts = {sending.send_id: sending.at_ms for sending in sendings_of(sendings)}
    return TriggerState(
        fold_customer(log, parse_facts(facts)),
        {key.decode(): int(at) for key, at in done},
        contacts | {trigger.decode(): int(at) for trigger, at in read_triggers},
        tuple(msgspec.json.decode(each, type=Waiting) for each in waiting),
    )
