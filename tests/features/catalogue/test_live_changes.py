from typing import Any

import pytest
import redis

from features.catalogue.live_changes import changes_since, put_changes, put_changes_sync, read_revisions
from features.store.connection import Connection


async def test_fields_are_merged(store: Connection) -> None:
    await put_changes(store, {"a": {"price": 12.75, "stock": 3}, "b": {"title": "Tee „grün“ / 茶"}})
    await put_changes(store, {"a": {"stock": 0, "available": False, "price": None}})
    _, changes = await changes_since(store, 0)
    assert changes == {
        "a": {"price": None, "stock": 0.0, "available": False},
        "b": {"title": "Tee „grün“ / 茶"},
    }


async def test_only_later_changes_are_returned(store: Connection) -> None:
    assert await changes_since(store, 0) == (0, {})
    await put_changes(store, {"a": {"stock": 1}})
    revision, _ = await changes_since(store, 0)
    await put_changes(store, {"b": {"stock": 2}})
    later, changes = await changes_since(store, revision)
    assert (later > revision, changes) == (True, {"b": {"stock": 2.0}})
    assert await changes_since(store, later) == (later, {})
    assert await read_revisions(store) == {"catalogue": later}


async def test_an_emptied_store_returns_all_products(store: Connection, client: redis.Redis) -> None:
    for stock in range(3):
        await put_changes(store, {"a": {"stock": stock}})
    client.flushall()
    await put_changes(store, {"b": {"stock": 1}})
    assert await changes_since(store, 3) == (1, {"b": {"stock": 1.0}})


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"price": -1}, ">= 0"),
        ({"price": float("nan")}, ">= 0"),
        ({"stock": "many"}, "got `str`"),
        ({"currency": "Euro"}, "matching regex"),
        ({"url": "javascript:alert(1)"}, "matching regex"),
        ({"url": "//elsewhere.example/p"}, "matching regex"),
        ({"url": "/\\elsewhere.example/p"}, "matching regex"),
        ({"image_url": "data:text/html,x"}, "matching regex"),
        ({"colour": "red"}, "unknown field `colour`"),
        ({"is_product": None}, "got `null`"),
        (["price"], "got `array`"),
    ],
)
async def test_a_wrong_product_is_refused_alone(store: Connection, fields: Any, reason: str) -> None:
    outcome = await put_changes(store, {"bad": fields, "good": {"stock": 1, "url": "https://shop.example/p"}})
    assert outcome.accepted == 1
    assert reason in outcome.rejected["bad"]
    assert set((await changes_since(store, 0))[1]) == {"good"}


async def test_a_whole_range_at_once(store: Connection, client: redis.Redis) -> None:
    everything = {f"p-{n}": {"stock": float(n)} for n in range(2_345)}
    assert put_changes_sync(client, everything).accepted == 2_345
    _, changes = await changes_since(store, 0)
    assert changes == everything


async def test_attributes_are_kept_as_a_whole(store: Connection) -> None:
    given = {"colour": ["red", "blue"], "weight": 2.5, "vegan": True, "note": None}
    assert (await put_changes(store, {"a": {"attributes": given}})).rejected == {}
    await put_changes(store, {"a": {"stock": 1}})
    assert (await changes_since(store, 0))[1]["a"] == {"attributes": given, "stock": 1}
    await put_changes(store, {"a": {"attributes": {"size": "S"}}})
    assert (await changes_since(store, 0))[1]["a"]["attributes"] == {"size": "S"}
    outcome = await put_changes(store, {"b": {"attributes": {"colour": []}}, "c": {"attributes": ["red"]}})
    assert set(outcome.rejected) == {"b", "c"}
