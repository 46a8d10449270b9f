"""Links between names of customers as they are made: Redis' copy of the home's table, and what is new."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec

from features.store import keys
from features.store.connection import Connection
from features.store.settings import StoreSettings

if TYPE_CHECKING:
    import redis


LINK_SCRIPT = Path(__file__).with_name("link.lua").read_text(encoding="utf-8")
EMAIL, MERGE = "email", "merge"
NAMES_A_STEP = 500
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
    """names: name -> whose it is, of links made since `seen`; seen: to ask with next time; is_whole: these
    are all, since some were parted or it was asked for the first time."""

    seen: Seen
    names: dict[str, str]
    is_whole: bool


class Seen(NamedTuple):
    """Revisions of what was linked and taken apart, and the time of the newest link, epoch ms."""

    linked: int = 0
    parted: int = 0
    newest_ms: int = 0


NOTHING_SEEN = Seen()


async def link_names(
    store: Connection, customer_id: str, names: Sequence[str], proof: str, settings: StoreSettings
) -> Linked:
    """Make names those of one customer. proof: EMAIL, which never joins two that are known apart, or
    MERGE, which does. Raises StoreUnavailable."""
    reply = await store.call("EVAL", *linking(customer_id, names, proof, settings))
    return _linked(reply, names)


def link_names_sync(
    client: redis.Redis, customer_id: str, names: Sequence[str], proof: str, settings: StoreSettings
) -> Linked:
    """As `link_names`, for offline work."""
    reply = cast(list[bytes], client.eval(*linking(customer_id, names, proof, settings)))
    return _linked(reply, names)


async def hand_over_email(store: Connection, name: str, sealed: bytes) -> None:
    """Let the home keep an address, encrypted, as soon as a worker takes it. Raises StoreUnavailable."""
    await store.call("HSET", f"{keys.people()}:emails", name, sealed)


async def owner_of(store: Connection, name: str) -> str:
    """The name that whoever goes by this one goes by now. Raises StoreUnavailable."""
    for _ in range(LONGEST_CHAIN):
        further = await store.call("HGET", keys.people(), name)
        if further is None:
            return name
        name = further.decode()
    return name


async def changes_since(store: Connection, seen: Seen) -> Changes | None:
    """What was linked since; None: nothing. Raises StoreUnavailable."""
    linked, parted = await store.call("HMGET", keys.revisions(), "people", "people_parted")
    revisions = int(linked or 0), int(parted or 0)
    if revisions == seen[:2]:
        return None
    is_whole = revisions[1] != seen.parted or revisions[0] < seen.linked
    since = 0 if is_whole else seen.newest_ms
    found = await store.call("ZRANGEBYSCORE", f"{keys.people()}:links", since, "+inf", "WITHSCORES")
    times = {name: int(float(at)) for name, at in zip(found[::2], found[1::2], strict=True)}
    names: dict[str, str] = {}
    rest = iter(times)
    while step := list(islice(rest, NAMES_A_STEP)):
        for name, owner in zip(step, await store.call("HMGET", keys.people(), *step), strict=True):
            if owner is not None:
                names[name.decode()] = owner.decode()
    newest = max(times.values(), default=0 if is_whole else seen.newest_ms)
    return Changes(Seen(*revisions, newest), names, is_whole)


def linking(
    customer_id: str, names: Sequence[str], proof: str, settings: StoreSettings
) -> tuple[str, int, Any]:
    script_keys = (
        keys.people(),
        f"{keys.people()}:links",
        f"{keys.people()}:news",
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
