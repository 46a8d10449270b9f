"""What became cheaper or came back: the live catalogue's changes against what was known before them."""

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

SCRIPT = Path(__file__).with_name("product_news.lua").read_text(encoding="utf-8")
PRODUCTS_A_STEP = 500  # more than one revision has
SAME_SALE_MS = 7 * DAY_MS  # a price that falls twice within it fell from where it began
WATCHED_S = 60 * DAY_S


class News(msgspec.Struct, frozen=True):
    """A product as it is, and when that changed. price None: unknown; times epoch ms, 0: never."""

    price: float | None
    in_stock: bool
    price_before: float = 0.0
    dropped_ms: int = 0
    out_ms: int = 0
    back_ms: int = 0


Known = Callable[[str], News]


def after(before: News, fields: Mapping[str, Any], now_ms: int) -> News:
    """A product's news after the live fields that hold now. Pure."""
    price, in_stock = _price(fields, before), is_in_stock(fields, before=before.in_stock)
    news = msgspec.structs.replace(before, price=price, in_stock=in_stock)
    if price is not None and before.price is not None and price < before.price:
        began = before.price_before if now_ms - before.dropped_ms < SAME_SALE_MS else before.price
        news = msgspec.structs.replace(news, price_before=max(began, before.price), dropped_ms=now_ms)
    elif price is None or price >= news.price_before:
        news = msgspec.structs.replace(news, price_before=0.0, dropped_ms=0)
    if in_stock and not before.in_stock:
        news = msgspec.structs.replace(news, back_ms=now_ms)
    elif before.in_stock and not in_stock:
        news = msgspec.structs.replace(news, out_ms=now_ms, back_ms=0)
    return news


def take_changes(client: redis.Redis, trained: Known, now_ms: int) -> None:
    """Take over what changed in the live catalogue, and have those looked at who want what became cheaper or
    came back. trained: a product as the model knew it.

    What changed before the very first look is no news: nobody knows when it did. Several workers may do so at
    once: each change is taken by one.
    """
    moment_ms = now_ms if client.hexists(keys.goods(), "") else 0
    while True:
        kept = cast("bytes | None", client.hget(keys.goods(), ""))
        seen = int(kept or 0)
        now = int(cast("bytes | None", client.hget(keys.revisions(), "catalogue")) or 0)
        if kept is not None and now == seen:
            return
        since = f"({seen}" if seen < now else "-inf"  # a store that was emptied counts anew
        changes = client.zrangebyscore(
            keys.catalogue_changes(), since, "+inf", start=0, num=PRODUCTS_A_STEP, withscores=True
        )
        changed = cast(list[tuple[bytes, float]], changes)
        full = len(changed) == PRODUCTS_A_STEP
        upto = int(changed[-1][1]) - 1 if full else now
        _take(client, [product for product, _ in changed], seen, upto, trained, moment_ms)


def read_news(client: redis.Redis, products: Iterable[str]) -> dict[str, News]:
    """News of those products that have any."""
    wanted = [product for product in dict.fromkeys(products) if product]
    found = cast(list[bytes | None], client.hmget(keys.goods(), wanted)) if wanted else []
    return {
        product: msgspec.json.decode(packed, type=News)
        for product, packed in zip(wanted, found, strict=True)
        if packed is not None
    }


def watch(client: redis.Redis, wanted: Mapping[str, Mapping[str, int]]) -> None:
    """Remember who wants which product: customer -> product -> since when, epoch ms."""
    watchers: dict[str, dict[str, int]] = {}
    for customer, products in wanted.items():
        for product, at_ms in products.items():
            watchers.setdefault(product, {})[customer] = at_ms
    with client.pipeline(transaction=False) as tell:
        for product, of in watchers.items():
            tell.zadd(keys.watchers(product), cast(dict[Any, float], of))
            tell.zremrangebyscore(keys.watchers(product), "-inf", max(of.values()) - WATCHED_S * 1000)
            tell.expire(keys.watchers(product), WATCHED_S)
        tell.execute()


def _take(
    client: redis.Redis, products: list[bytes], seen: int, upto: int, trained: Known, now_ms: int
) -> None:
    """now_ms 0: take over what is, as no news."""
    names = [product.decode() for product in products]
    fields = cast(list[bytes | None], client.hmget(keys.catalogue(), names)) if names else []
    known = read_news(client, names)
    words: list[str | bytes | int] = [seen, upto, now_ms, keys.watchers_prefix()]
    for name, packed in zip(names, fields, strict=True):
        before = known.get(name) or trained(name)
        news = after(before, msgspec.json.decode(packed) if packed else {}, now_ms)
        if not now_ms:
            news = News(news.price, news.in_stock)
        told = now_ms > 0 and now_ms in (news.dropped_ms, news.back_ms)
        words += [name, msgspec.json.encode(news), int(told)]
    client.eval(SCRIPT, 2, keys.goods(), keys.look_due(), *cast(list[str], words))


def _price(fields: Mapping[str, Any], before: News) -> float | None:
    price = price_to_pay(fields, before.price)
    return price if price is None or math.isfinite(price) else None
