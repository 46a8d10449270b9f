"""Links between names of customers as they are made: Redis' copy of the home's table, and what is new."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec

from features.people.names import is_digest
from features.store import keys
from features.store.connection import Connection
from features.store.settings import StoreSettings
from features.time_units import DAY_MS

if TYPE_CHECKING:
    import redis

    from features.home import Home

LINK_SCRIPT = Path(__file__).with_name("link.lua").read_text(encoding="utf-8")
DELETE_TAKEN = """for i = 1, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
end"""
EMAIL, MERGE = "email", "merge"
NAMES_A_STEP = 500
REMEMBERED_MS = 90 * DAY_MS  # for so long API processes know a digest's customer; a training knows it then
LONGEST_CHAIN = 50


class Linked(NamedTuple):
    """customer_id: the name they go by now; taken: names that are another customer's, and were left alone;
    changed: whether anything was linked that was not before."""

    customer_id: str
    taken: tuple[str, ...]
    changed: bool


class NewLink(msgspec.Struct, frozen=True):
    """A link that the home's table has not yet."""

    customer_id: str
    proof: str
    at_ms: int


class Changes(NamedTuple):
    """revision: to ask with next time; names: name -> the name that this customer goes by instead."""

    revision: int
    names: dict[str, str]


async def link_names(
    store: Connection, customer_id: str, names: Sequence[str], proof: str, settings: StoreSettings
) -> Linked:
    """Make names those of one customer. proof: EMAIL, which never joins two that are known apart, or
    MERGE, which does. Raises StoreUnavailable."""
    reply = await store.call("EVAL", *_linking(customer_id, names, proof, settings))
    return _linked(reply, names)


def link_names_sync(
    client: redis.Redis, customer_id: str, names: Sequence[str], proof: str, settings: StoreSettings
) -> Linked:
    """As `link_names`, for offline work."""
    reply = cast(list[bytes], client.eval(*_linking(customer_id, names, proof, settings)))
    return _linked(reply, names)


async def owner_of(store: Connection, name: str) -> str:
    """The name that whoever goes by this one goes by now. Raises StoreUnavailable."""
    for _ in range(LONGEST_CHAIN):
        further = await store.call("HGET", keys.people(), name)
        if further is None:
            return name
        name = further.decode()
    return name


async def changes_since(store: Connection, revision: int, since_ms: int) -> Changes:
    """Links made from `since_ms` on (0: all that are remembered), where the revision is another one."""
    current = int(await store.call("HGET", keys.revisions(), "people") or 0)
    if current == revision:
        return Changes(current, {})
    found = await store.call("ZRANGEBYSCORE", keys.people_links(), since_ms, "+inf")
    names: dict[str, str] = {}
    for start in range(0, len(found), NAMES_A_STEP):
        step = found[start : start + NAMES_A_STEP]
        for name, owner in zip(step, await store.call("HMGET", keys.people(), *step), strict=True):
            if owner is not None:
                names[name.decode()] = owner.decode()
    return Changes(current, names)


def share_links(
    client: redis.Redis,
    links: Mapping[str, str],
    settings: StoreSettings,
    used: Iterable[str] = (),
) -> None:
    """Give Redis links of the home's table, alias -> customer. used: aliases that customers went by until
    now: API processes learn of these, and what is live under them moves."""
    moved = {name: links[name] for name in used if name in links}
    rest = ((name, owner) for name, owner in links.items() if name not in moved)
    while step := dict(islice(rest, NAMES_A_STEP)):
        client.hset(keys.people(), mapping=cast(Any, step))
    for name, owner in moved.items():
        client.eval(*_linking(owner, [name], MERGE, settings))
        client.hdel(keys.people_news(), name)
    client.hincrby(keys.revisions(), "people", 1)


def take_links(client: redis.Redis, home: Home) -> int:
    """Write links that were made over HTTP into the home's table; returns how many."""
    pending = cast(dict[bytes, bytes], client.hgetall(keys.people_news()))
    if not pending:
        return 0
    import polars as pl

    from features.people.aliases import SCHEMA, add_links

    rows = [
        (name.decode(), made.customer_id, made.proof, datetime.fromtimestamp(made.at_ms / 1000, UTC))
        for name, content in pending.items()
        for made in [msgspec.json.decode(content, type=NewLink)]
    ]
    add_links(home, pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    taken = [each for pair in pending.items() for each in pair]
    client.eval(DELETE_TAKEN, 1, keys.people_news(), *cast(list[str], taken))
    _forget_old(client)
    return len(rows)


def forget_links(client: redis.Redis, names: Iterable[str]) -> None:
    """Remove every link from these names. Call it with all names of a person."""
    rest = iter(names)
    while step := list(islice(rest, NAMES_A_STEP)):
        for key in (keys.people(), keys.people_news()):
            client.hdel(key, *step)
        client.zrem(keys.people_links(), *step)
    client.hincrby(keys.revisions(), "people", 1)


def _forget_old(client: redis.Redis) -> None:
    """Digests that trainings have long known; merged ids of the shop stay."""
    until = int(time.time() * 1000) - REMEMBERED_MS
    old = cast(list[bytes], client.zrangebyscore(keys.people_links(), "-inf", until))
    if digests := [name for name in old if is_digest(name.decode())]:
        client.zrem(keys.people_links(), *digests)


def _linking(
    customer_id: str, names: Sequence[str], proof: str, settings: StoreSettings
) -> tuple[str, int, Any]:
    script_keys = (
        keys.people(),
        keys.people_links(),
        keys.people_news(),
        keys.revisions(),
        keys.look_due(),
    )
    prefixes = keys.of_customer("")[:7]
    arguments = (customer_id, int(time.time() * 1000), proof, settings.shopper_log_length, *prefixes, *names)
    return (LINK_SCRIPT, len(script_keys), *script_keys, *arguments)  # type: ignore[return-value]


def _linked(reply: Sequence[bytes], names: Sequence[str]) -> Linked:
    said = [each.decode() for each in reply[1:]]
    taken = tuple(name for name, word in zip(names, said, strict=True) if word == "taken")
    return Linked(reply[0].decode(), taken, "linked" in said)
