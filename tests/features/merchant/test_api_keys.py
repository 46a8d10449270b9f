import threading
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from features.home import Home
from features.merchant.api_keys import (
    DEMO_KEYS,
    ApiKey,
    Keys,
    KeysUnavailable,
    Scope,
    add_demo_keys,
    create_key,
    digest,
    exchange_command,
    list_keys,
    read_keys,
    revoke_key,
)
from features.merchant.live_keys import LiveKeys
from features.store import keys
from features.store.connection import Connection

from factories import NOW


async def accepted_keys(home: Home, store: Connection) -> set[str]:
    """Hashes that an API process of this home accepts."""
    live = LiveKeys(home)
    await live.refresh(store)
    assert live.current is not None
    return set(live.current.keys)


@pytest.fixture
def other_home(tmp_path: Path) -> Home:
    """Of a machine that shares nothing but Redis."""
    (tmp_path / "elsewhere").mkdir()
    return Home(tmp_path / "elsewhere")


@pytest.mark.parametrize(("scope", "begins"), [("public", "pk_"), ("secret", "sk_")])
def test_a_key_opens_what_it_was_made_for(home: Home, client: redis.Redis, scope: Scope, begins: str) -> None:
    key = create_key(home, client, scope, "web shop", NOW)
    assert key.startswith(begins)
    assert len(key) >= len(begins) + 24
    kept = read_keys(home)
    assert kept is not None
    stored = kept.keys[digest(key)]
    assert (stored.scope, stored.name, stored.created_at) == (scope, "web shop", NOW)
    assert key.startswith(stored.prefix)


def test_the_key_itself_is_not_stored(home: Home, client: redis.Redis) -> None:
    key = create_key(home, client, "secret", "office", NOW)
    kept = client.hgetall(keys.api_keys())
    assert len(kept) == 1
    assert not any(key[12:].encode() in word for pair in kept.items() for word in pair)
    file = home.root / "keys.json"
    assert key[12:].encode() not in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600


async def test_a_revoked_key_opens_nothing(home: Home, client: redis.Redis, store: Connection) -> None:
    first, second, third = (create_key(home, client, "public", f"{n}", NOW + timedelta(n)) for n in range(3))
    assert [each.name for each in revoke_key(home, client, first)] == ["0"]
    assert [each.name for each in revoke_key(home, client, second[:9])] == ["1"]
    assert revoke_key(home, client, "pk_nobody") == []
    assert [each.name for each in list_keys(home, client)] == ["2"]
    assert await accepted_keys(home, store) == {digest(third)}


async def test_an_emptied_store_gets_the_keys_of_the_home_back(
    home: Home, client: redis.Redis, store: Connection
) -> None:
    key = create_key(home, client, "secret", "", NOW)
    client.flushall()
    assert await accepted_keys(home, store) == {digest(key)}
    assert client.hkeys(keys.api_keys()) == [digest(key).encode()]


async def test_a_home_without_a_file_takes_its_keys_from_redis(
    home: Home, client: redis.Redis, store: Connection
) -> None:
    old = ApiKey(scope="secret", name="old", created_at=NOW, prefix="sk_old")
    client.eval(*exchange_command(Keys(3, {digest("sk_old"): old})))
    home.root.mkdir()
    assert await accepted_keys(home, store) == {digest("sk_old")}
    client.flushall()
    assert await accepted_keys(home, store) == {digest("sk_old")}


async def test_another_home_gets_changes_through_redis(
    home: Home, other_home: Home, client: redis.Redis, store: Connection
) -> None:
    key = create_key(home, client, "public", "", NOW)
    replica = LiveKeys(other_home)
    await replica.refresh(store)
    assert replica.current is not None
    assert set(replica.current.keys) == {digest(key)}
    revoke_key(home, client, key)
    await replica.refresh(store)
    assert replica.current.keys == {}
    assert read_keys(other_home) == read_keys(home)


async def test_an_older_copy_never_brings_a_revoked_key_back(
    home: Home, other_home: Home, client: redis.Redis, store: Connection
) -> None:
    key = create_key(home, client, "public", "", NOW)
    assert await accepted_keys(other_home, store) == {digest(key)}
    revoke_key(home, client, key)
    client.flushall()
    assert await accepted_keys(other_home, store) == {digest(key)}  # its own copy, the newest that it has
    assert await accepted_keys(home, store) == set()
    assert await accepted_keys(other_home, store) == set()


async def test_a_damaged_file_and_an_empty_store_give_no_keys(home: Home, store: Connection) -> None:
    home.root.mkdir()
    (home.root / "keys.json").write_bytes(b'{"revision":')
    live = LiveKeys(home)
    await live.refresh(store)
    assert live.current is None


def test_without_redis_keys_change_only_where_the_home_has_a_file(
    home: Home, other_home: Home, client: redis.Redis, tmp_path: Path
) -> None:
    key = create_key(home, client, "public", "", NOW)
    with redis.Redis(unix_socket_path=str(tmp_path / "nobody"), retry=Retry(NoBackoff(), 0)) as nobody:
        assert len(revoke_key(home, nobody, key)) == 1
        with pytest.raises(KeysUnavailable, match="Redis does not answer"):
            create_key(other_home, nobody, "public", "", NOW)
    assert read_keys(home) == Keys(2, {})


def test_keys_made_at_once_are_all_kept(home: Home, client: redis.Redis) -> None:
    def make() -> None:
        create_key(home, client, "public", "", NOW)

    makers = [threading.Thread(target=make) for _ in range(8)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert len(list_keys(home, client)) == 8
    assert {path.name for path in home.root.iterdir()} == {"keys.json", "keys.lock"}


def test_demo_keys_are_added_once(home: Home) -> None:
    add_demo_keys(home, None, NOW)
    add_demo_keys(home, None, NOW + timedelta(1))
    kept = read_keys(home)
    assert kept is not None
    assert {each.prefix: each.scope for each in kept.keys.values()} == DEMO_KEYS
    assert kept.revision == 1
