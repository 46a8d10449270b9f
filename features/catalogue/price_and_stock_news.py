"""Price drops and products back in stock, found by comparing live catalogue changes with the state before."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec

from features.catalogue.stock_and_price import is_in_stock, price_to_pay
from features.store import keys
from features.time_units import DAY_MS, DAY_S

if TYPE_CHECKING:
    import redis

NEWS_SCRIPT = Path(__file__).with_name("product_news.lua").read_text(encoding="utf-8")
BATCH_PRODUCTS = 500  # more than a single revision changes
SAME_SALE_MS = 7 * DAY_MS  # two price drops within this time count as one, from the first price
WATCHED_S = 60 * DAY_S


class News(msgspec.Struct, frozen=True):
    """A product's price and stock, and when they changed. price None: unknown; times: epoch ms, 0: never."""

    price: float | None
    in_stock: bool
    price_before: float = 0.0
    dropped_ms: int = 0
    out_ms: int = 0
    back_ms: int = 0


TrainedState = Callable[[str], News]
"""Product id -> its state when the model was trained."""


def after(before: News, fields: Mapping[str, Any], now_ms: int) -> News:
    """A product's news under its current live fields. Pure."""
    price, in_stock = _price(fields, before), is_in_stock(fields, before=before.in_stock)
    news = msgspec.structs.replace(before, price=price, in_stock=in_stock)
    if price is not None and before.price is not None and price < before.price:
        full_price = before.price_before if now_ms - before.dropped_ms < SAME_SALE_MS else before.price
        news = msgspec.structs.replace(news, price_before=max(full_price, before.price), dropped_ms=now_ms)
    elif price is None or price >= news.price_before:
        news = msgspec.structs.replace(news, price_before=0.0, dropped_ms=0)
    if in_stock and not before.in_stock:
        news = msgspec.structs.replace(news, back_ms=now_ms)
    elif before.in_stock and not in_stock:
        news = msgspec.structs.replace(news, out_ms=now_ms, back_ms=0)
    return news


def apply_changes(client: redis.Redis, trained: TrainedState, now_ms: int) -> None:
    """Update products' news from live catalogue changes, and queue the customers who want a product that
    became cheaper or came back.

    Changes before the first call are not news, since their time is unknown. Several workers may call this
    at once: each change is applied by one of them.
    """
    at_ms = now_ms if client.hexists(keys.product_news(), "") else 0
    while True:
        stored = cast("bytes | None", client.hget(keys.product_news(), ""))
        processed = int(stored or 0)
        newest = int(cast("bytes | None", client.hget(keys.revisions(), "catalogue")) or 0)
        if stored is not None and newest == processed:
            return
        since = f"({processed}" if processed < newest else "-inf"  # an emptied store counts from 1 again
        changes = client.zrangebyscore(
            keys.catalogue_changes(), since, "+inf", start=0, num=BATCH_PRODUCTS, withscores=True
        )
        changed = cast(list[tuple[bytes, float]], changes)
        full = len(changed) == BATCH_PRODUCTS
        up_to = int(changed[-1][1]) - 1 if full else newest
        _apply(client, [product for product, _ in changed], processed, up_to, trained, at_ms)


def read_news(client: redis.Redis, products: Iterable[str]) -> dict[str, News]:
    """Product id -> news, of the products that have any."""
    ids = [product for product in dict.fromkeys(products) if product]
    return news_of(ids, cast(list[bytes | None], client.hmget(keys.product_news(), ids)) if ids else [])


def news_of(ids: Iterable[str], replies: Iterable[bytes | None]) -> dict[str, News]:
    """Product id -> news, as Redis answered; in parallel."""
    return {
        product: msgspec.json.decode(packed, type=News)
        for product, packed in zip(ids, replies, strict=True)
        if packed is not None
    }


def watch(client: redis.Redis, wanted: Mapping[str, Mapping[str, int]]) -> None:
    """Store who wants which product: customer -> product -> since when, epoch ms."""
    watchers: dict[str, dict[str, int]] = {}
    for customer, products in wanted.items():
        for product, at_ms in products.items():
            watchers.setdefault(product, {})[customer] = at_ms
    with client.pipeline(transaction=False) as pipe:
        for product, since in watchers.items():
            pipe.zadd(keys.watchers(product), cast(dict[Any, float], since))
            pipe.zremrangebyscore(keys.watchers(product), "-inf", max(since.values()) - WATCHED_S * 1000)
            pipe.expire(keys.watchers(product), WATCHED_S)
        pipe.execute()


def _apply(
    client: redis.Redis, products: list[bytes], processed: int, up_to: int, trained: TrainedState, now_ms: int
) -> None:
    """now_ms 0: store the products' state without any news."""
    names = [product.decode() for product in products]
    fields = cast(list[bytes | None], client.hmget(keys.catalogue(), names)) if names else []
    previous = read_news(client, names)
    arguments: list[str | bytes | int] = [processed, up_to, now_ms, keys.watchers_prefix()]
    for name, packed in zip(names, fields, strict=True):
        before = previous.get(name) or trained(name)
        news = after(before, msgspec.json.decode(packed) if packed else {}, now_ms)
        if not now_ms:
            news = News(news.price, news.in_stock)
        is_good_news = now_ms > 0 and now_ms in (news.dropped_ms, news.back_ms)
        arguments += [name, msgspec.json.encode(news), int(is_good_news)]
    client.eval(NEWS_SCRIPT, 2, keys.product_news(), keys.look_due(), *cast(list[str], arguments))


def _price(fields: Mapping[str, Any], before: News) -> float | None:
    price = price_to_pay(fields, before.price)
    return price if price is None or math.isfinite(price) else None
