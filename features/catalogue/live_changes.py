"""Product fields that the shop changed since training: stock, prices, titles, as of now."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, cast

import msgspec
from msgspec import UNSET, UnsetType

from features.catalogue.attributes import Attributes
from features.catalogue.local import (
    Currency,
    MarketPrices,
    Translations,
    WebAddress,
    plain_prices,
    plain_translations,
)
from features.events.vocabulary import Id, Money, Text
from features.store import keys
from features.store.connection import Connection

if TYPE_CHECKING:
    import redis

MERGE_SCRIPT = Path(__file__).with_name("live_catalogue.lua").read_text(encoding="utf-8")
ARGUMENTS_PER_CALL = 400  # 200 products: about 1 ms of Redis, so that other requests pass in between
PRODUCTS_PER_READ = 1_000

Stock = Annotated[float, msgspec.Meta(ge=0, le=1e9)]


class ProductChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fields of a product that may change at any moment. Absent: unchanged; null: unknown from now on.

    translations and prices: those of the languages and markets named change, and no others.
    """

    title: Text | UnsetType | None = UNSET
    price: Money | UnsetType | None = UNSET
    sale_price: Money | UnsetType | None = UNSET
    currency: Currency | UnsetType | None = UNSET
    stock: Stock | UnsetType | None = UNSET
    available: bool | UnsetType | None = UNSET
    url: WebAddress | UnsetType | None = UNSET
    image_url: WebAddress | UnsetType | None = UNSET
    category: Text | UnsetType | None = UNSET
    brand: Text | UnsetType | None = UNSET
    cost: Money | UnsetType | None = UNSET
    is_product: bool | UnsetType = UNSET
    retired: bool | UnsetType = UNSET
    attributes: Attributes | UnsetType | None = UNSET
    translations: Translations | UnsetType = UNSET
    prices: MarketPrices | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.translations:
            msgspec.structs.force_setattr(self, "translations", plain_translations(self.translations))
        if self.prices:
            msgspec.structs.force_setattr(self, "prices", plain_prices(self.prices))


class PutOutcome(NamedTuple):
    """The result of changes. accepted: number of products; rejected: product id -> error message."""

    accepted: int
    rejected: dict[str, str]


async def put_changes(store: Connection, changes: Mapping[str, Mapping[str, Any]]) -> PutOutcome:
    """Merge product id -> changed fields into the live catalogue, each product atomically.

    A product with an invalid field is rejected as a whole; the others are taken. Raises StoreUnavailable.
    """
    steps, outcome = _steps(changes)
    for step in steps:
        await store.call("EVAL", *step)
    return outcome


def put_changes_sync(client: redis.Redis, changes: Mapping[str, Mapping[str, Any]]) -> PutOutcome:
    """As `put_changes`, for offline work."""
    steps, outcome = _steps(changes)
    for step in steps:
        client.eval(*step)
    return outcome


async def read_revisions(store: Connection) -> dict[str, int]:
    """Name ("catalogue", "keys" ...) -> number of changes; absent if it never changed."""
    flat = await store.call("HGETALL", keys.revisions())
    return {name.decode(): int(value) for name, value in zip(flat[::2], flat[1::2], strict=True)}


async def changes_since(store: Connection, revision: int) -> tuple[int, dict[str, dict[str, Any]]]:
    """The current revision, and all live fields of the products that changed after `revision`.

    Begin with 0, then pass the revision last returned. If the store was emptied, its revisions begin at 1
    again, and all products are returned. Raises StoreUnavailable.
    """
    current = int(await store.call("HGET", keys.revisions(), "catalogue") or 0)
    if current == revision:
        return current, {}
    after = f"({revision}" if current > revision else "-inf"
    changed = await store.call("ZRANGEBYSCORE", keys.catalogue_changes(), after, "+inf")
    products: dict[str, dict[str, Any]] = {}
    for start in range(0, len(changed), PRODUCTS_PER_READ):
        batch = changed[start : start + PRODUCTS_PER_READ]
        for product, fields in zip(batch, await store.call("HMGET", keys.catalogue(), *batch), strict=True):
            if fields is not None:
                products[product.decode()] = msgspec.json.decode(fields)
    return current, products


def all_changes(client: redis.Redis) -> dict[str, dict[str, Any]]:
    """All live fields of all products that ever changed, for offline work."""
    stored = cast(dict[bytes, bytes], client.hgetall(keys.catalogue()))
    return {product.decode(): msgspec.json.decode(fields) for product, fields in stored.items()}


def _steps(changes: Mapping[str, Mapping[str, Any]]) -> tuple[list[Any], PutOutcome]:
    """What EVAL takes, step after step, and what becomes of the changes by it."""
    words, rejected = _checked(changes)
    head = (MERGE_SCRIPT, 3, keys.catalogue(), keys.catalogue_changes(), keys.revisions())
    steps = [
        (*head, *words[start : start + ARGUMENTS_PER_CALL])
        for start in range(0, len(words), ARGUMENTS_PER_CALL)
    ]
    return steps, PutOutcome(len(words) // 2, rejected)


def _checked(changes: Mapping[str, Mapping[str, Any]]) -> tuple[list[str | bytes], dict[str, str]]:
    """Product ids and JSON of their fields in turn, and product id -> error of those rejected."""
    arguments: list[str | bytes] = []
    rejected: dict[str, str] = {}
    for product_id, fields in changes.items():
        try:
            msgspec.convert(product_id, Id)
            change = msgspec.convert(fields, ProductChange)
        except msgspec.ValidationError as error:
            rejected[product_id] = str(error)
        else:
            arguments += (product_id, msgspec.json.encode(change))
    return arguments, rejected
