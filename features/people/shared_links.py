"""Links between the home's table of names and Redis' copy of it, both ways."""

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, cast

import msgspec
import polars as pl
import redis

from features.home import Home
from features.people.aliases import SCHEMA, add_links, keep_emails
from features.people.kept_emails import email_seal
from features.people.links import MERGE, NAMES_A_STEP, NewLink, linking
from features.people.names import is_digest
from features.store import keys
from features.store.settings import StoreSettings
from features.time_units import DAY_MS

REMEMBERED_MS = 90 * DAY_MS  # for so long API processes know a digest's customer; a training knows it then
DELETE_TAKEN = """for i = 1, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
end"""


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
        client.eval(*linking(owner, [name], MERGE, settings))
        client.hdel(f"{keys.people()}:news", name)
    client.hincrby(keys.revisions(), "people", 1)


def take_links(client: redis.Redis, home: Home) -> int:
    """Write links that were made over HTTP into the home's table; returns how many."""
    pending = cast(dict[bytes, bytes], client.hgetall(f"{keys.people()}:news"))
    if not pending:
        return 0
    rows = [
        (name.decode(), made.customer_id, made.proof, datetime.fromtimestamp(made.at_ms / 1000, UTC))
        for name, content in pending.items()
        for made in [msgspec.json.decode(content, type=NewLink)]
    ]
    add_links(home, pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    taken = [each for pair in pending.items() for each in pair]
    client.eval(DELETE_TAKEN, 1, f"{keys.people()}:news", *cast(list[str], taken))
    _forget_old(client)
    return len(rows)


def take_emails(client: redis.Redis, home: Home) -> None:
    """Keep the addresses that came over HTTP; those of a home that keeps none any more are dropped."""
    waiting = cast(dict[bytes, bytes], client.hgetall(f"{keys.people()}:emails"))
    if not waiting:
        return
    if email_seal(home):
        rows = [(name.decode(), sealed) for name, sealed in waiting.items()]
        keep_emails(home, pl.DataFrame(rows, {"name": pl.String, "sealed": pl.Binary}, orient="row"))
    taken = [each for pair in waiting.items() for each in pair]
    client.eval(DELETE_TAKEN, 1, f"{keys.people()}:emails", *cast(list[str], taken))


def forget_links(client: redis.Redis, names: Iterable[str]) -> None:
    """Remove every link from these names, and their addresses. Call it with all names of a person."""
    rest = iter(names)
    while step := list(islice(rest, NAMES_A_STEP)):
        for key in (keys.people(), f"{keys.people()}:news", f"{keys.people()}:emails"):
            client.hdel(key, *step)
        client.zrem(f"{keys.people()}:links", *step)
    client.hincrby(keys.revisions(), "people_parted", 1)


def _forget_old(client: redis.Redis) -> None:
    """Digests that trainings have long known; merged ids of the shop stay."""
    until = int(time.time() * 1000) - REMEMBERED_MS
    old = cast(list[bytes], client.zrangebyscore(f"{keys.people()}:links", "-inf", until))
    if digests := [name for name in old if is_digest(name.decode())]:
        client.zrem(f"{keys.people()}:links", *digests)
