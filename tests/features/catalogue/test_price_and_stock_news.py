"""Price drops and products back in stock."""

import threading
from typing import Any

import msgspec
import pytest
import redis

from features.catalogue.live_changes import put_changes_sync
from features.catalogue.price_and_stock_news import News, after, apply_changes, read_news, watch
from features.store import keys
from features.time_units import DAY_MS

AT = 100 * DAY_MS


@pytest.mark.parametrize(
    ("before", "fields", "news"),
    [
        (News(10.0, True), {"price": 8.0}, News(8.0, True, 10.0, AT)),
        (News(10.0, True), {"price": 10.0, "sale_price": 7.0}, News(7.0, True, 10.0, AT)),
        (News(10.0, True), {"price": 12.0}, News(12.0, True)),
        (News(8.0, True, 10.0, AT - DAY_MS), {"price": 6.0}, News(6.0, True, 10.0, AT)),  # one sale
        (News(8.0, True, 10.0, AT - 9 * DAY_MS), {"price": 6.0}, News(6.0, True, 8.0, AT)),
        (News(8.0, True, 10.0, AT - DAY_MS), {"price": 10.0}, News(10.0, True)),
        (News(8.0, True, 10.0, 5), {"title": "x"}, News(8.0, True, 10.0, 5)),
        (News(10.0, True), {"stock": 0}, News(10.0, False, out_ms=AT)),
        (News(10.0, False, out_ms=5), {"stock": 3}, News(10.0, True, out_ms=5, back_ms=AT)),
        (News(10.0, True, out_ms=5, back_ms=7), {"available": False}, News(10.0, False, out_ms=AT)),
        (News(10.0, True), {"price": None}, News(None, True)),
        (News(None, True), {"price": 3.0}, News(3.0, True)),
    ],
)
def test_news_by_hand(before: News, fields: dict[str, Any], news: News) -> None:
    assert after(before, fields, AT) == news


def trained(_product: str) -> News:
    return News(10.0, True)


def test_changes_are_applied_once_and_queue_the_watchers(client: redis.Redis) -> None:
    apply_changes(client, trained, AT - DAY_MS)
    watch(client, {"ann": {"pot": AT - DAY_MS, "tin": AT}, "bob": {"tin": AT}})
    put_changes_sync(client, {"pot": {"price": 7.0}, "tin": {"price": 11.0}})
    apply_changes(client, trained, AT)
    assert client.zrange(keys.look_due(), 0, -1, withscores=True) == [(b"ann", float(AT))]
    apply_changes(client, trained, AT + 5)
    assert read_news(client, ["pot", "tin", "none", ""]) == {
        "pot": News(7.0, True, 10.0, AT),
        "tin": News(11.0, True),
    }


def test_a_large_change_is_applied_in_batches_by_several_workers(client: redis.Redis, redis_url: str) -> None:
    apply_changes(client, trained, AT - DAY_MS)
    put_changes_sync(client, {f"p-{n}": {"price": 5.0} for n in range(1_234)})

    def work() -> None:
        with redis.Redis.from_url(redis_url) as own:
            apply_changes(own, trained, AT)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    news = read_news(client, [f"p-{n}" for n in range(1_234)])
    assert set(news.values()) == {News(5.0, True, 10.0, AT)}
    assert len(news) == 1_234


def test_changes_before_the_first_call_are_not_news(client: redis.Redis) -> None:
    put_changes_sync(client, {f"p-{n}": {"price": 5.0} for n in range(700)})
    apply_changes(client, trained, AT)
    assert set(read_news(client, [f"p-{n}" for n in range(700)]).values()) == {News(5.0, True)}
    put_changes_sync(client, {"p-1": {"price": 4.0}})
    apply_changes(client, trained, AT)
    assert read_news(client, ["p-1"])["p-1"] == News(4.0, True, 5.0, AT)


def test_an_emptied_store_is_processed_from_the_beginning(client: redis.Redis) -> None:
    put_changes_sync(client, {"pot": {"price": 7.0}})
    put_changes_sync(client, {"pot": {"price": 6.0}})
    apply_changes(client, trained, AT)
    stored: Any = client.hgetall(keys.product_news())
    client.flushall()
    client.hset(keys.product_news(), mapping=stored)
    put_changes_sync(client, {"pot": {"price": 5.0}})
    apply_changes(client, trained, AT + DAY_MS)
    assert msgspec.structs.astuple(read_news(client, ["pot"])["pot"])[:2] == (5.0, True)
