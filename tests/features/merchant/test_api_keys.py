from __future__ import annotations

from datetime import timedelta

import pytest
import redis

from features.catalogue.live_changes import read_revisions
from features.merchant.api_keys import Scope, create_key, digest, list_keys, load_keys, revoke_key
from features.store import keys
from features.store.connection import Connection

from factories import NOW


@pytest.mark.parametrize(("scope", "begins"), [("public", "pk_"), ("secret", "sk_")])
async def test_a_key_opens_what_it_was_made_for(
    client: redis.Redis, store: Connection, scope: Scope, begins: str
) -> None:
    key = create_key(client, scope, "web shop", NOW)
    assert key.startswith(begins)
    assert len(key) >= len(begins) + 24
    known = (await load_keys(store))[digest(key)]
    assert (known.scope, known.name, known.created_at) == (scope, "web shop", NOW)
    assert key.startswith(known.prefix)


def test_the_store_never_sees_the_key(client: redis.Redis) -> None:
    key = create_key(client, "secret", "office", NOW)
    kept = client.hgetall(keys.api_keys())
    assert len(kept) == 1
    assert not any(key[12:].encode() in word for pair in kept.items() for word in pair)


async def test_a_revoked_key_opens_nothing(client: redis.Redis, store: Connection) -> None:
    first, second, third = (create_key(client, "public", f"{n}", NOW + timedelta(n)) for n in range(3))
    assert [known.name for known in revoke_key(client, first)] == ["0"]
    assert [known.name for known in revoke_key(client, second[:9])] == ["1"]
    assert revoke_key(client, "pk_nobody") == []
    assert [known.name for known in list_keys(client)] == ["2"]
    assert set(await load_keys(store)) == {digest(third)}


async def test_every_change_moves_the_revision(client: redis.Redis, store: Connection) -> None:
    assert await read_revisions(store) == {}
    revoke_key(client, create_key(client, "public", "short-lived", NOW))
    assert await read_revisions(store) == {"keys": 2}
