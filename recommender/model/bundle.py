"""The model bundle: everything serving needs, as arrays that worker processes share by mmap."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

import msgspec
import numpy as np
from numpy.typing import NDArray

from recommender.arrays.id_map import CACHE_SIZE, IdMap, PackedBytes
from recommender.arrays.tables import (
    Factors,
    Neighbours,
    ProductTable,
    Purchases,
    Ranking,
    Sessions,
    SetTable,
    VariantGroups,
)
from recommender.kernels.trees import Trees
from recommender.model.attribute_table import AttributeTable
from recommender.model.customer_tables import CustomerTable
from recommender.model.discovery_table import Discovery
from recommender.model.local_table import LocalTable
from recommender.model.market_table import MarketTable
from recommender.model.next_basket_table import NextBasket
from recommender.model.offer_table import OfferTable

if TYPE_CHECKING:
    import faiss  # its import takes 0.1 s, too long for the command line

BUNDLE_SCHEMA = 8
TITLE_LENGTH = 40

Array = NDArray[Any]
AnyTable = TypeVar("AnyTable")


class Manifest(msgspec.Struct, frozen=True):
    """A bundle's origin and quality, and the SHA-256 of each of its files.

    Times are ISO 8601 UTC. `data_until_ms` is the arrival time of the newest event that training read, epoch
    ms; events that arrived later are taken from the live log. refused: why training did not publish it.
    """

    version: str
    created_at: str
    first_order: str
    last_order: str
    data_until_ms: int
    orders: int
    customers: int
    products: int
    buyers: int
    settings: dict[str, Any]
    metrics: dict[str, Any]
    files: dict[str, str]
    schema: int = BUNDLE_SCHEMA
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tables:
    """The arrays of a bundle. Rows of products and customers are in IdMap order throughout."""

    products: IdMap
    customers: IdMap
    categories: IdMap
    brands: IdMap
    cards: PackedBytes  # per product, the JSON fields that a shopper sees, without braces
    titles: PackedBytes
    product: ProductTable
    variant_groups: VariantGroups
    similar: Neighbours
    complements: Neighbours
    upgrades: Neighbours  # better ones of the kind; `together`: what is better (`sources.upgrades`)
    traits: PackedBytes  # per product, what it says of its size, material, grade and rating, as JSON
    companions: Neighbours  # EASE: what goes with a whole cart
    cart_tuning: Array  # (2) float32: ridge of EASE; weight of log(1 + own orders) in its scores
    cart_trees: Trees  # rank what completes a customer's cart; without any, EASE's sums rank alone
    purchases: Purchases
    next_basket: NextBasket
    sessions: Sessions
    visit_trees: Trees  # rank what a visit looks at next; without any, the sums of `sessions` rank alone
    factors: Factors
    discovery: Discovery
    popular: Ranking  # every product that may be shown
    trending: Ranking
    newest: Ranking
    blends: Array  # (mixes, sources) float32: weight of each source of a mix; see `placements`
    category_popular: Neighbours  # row: a category of any level; all its products, most popular first
    people: CustomerTable | None = None  # each customer's past and expected value; None: not fitted
    sets: SetTable | None = None  # products to sell together at one price; None: not fitted
    offers: OfferTable | None = None  # what each offer brings; None: too few decisions
    markets: MarketTable | None = None  # what sells in each country; None: a model of before there were any
    local: LocalTable | None = None  # titles by language, prices by market; None: the catalogue has none
    attributes: AttributeTable | None = None  # what filters go by; None: a model of before there were any

    @cached_property
    def short_title(self) -> Callable[[int], str]:
        """Of an item, short enough for a sentence on a product card. Cached: the same few recur all day."""
        titles = self.titles

        @lru_cache(CACHE_SIZE)
        def short_title(item: int) -> str:
            title = titles[item].decode()
            return title if len(title) <= TITLE_LENGTH else f"{title[:TITLE_LENGTH].rpartition(' ')[0]} …"

        return short_title

    @cached_property
    def short_title_json(self) -> Callable[[int], str]:
        """The same as the inside of a JSON string."""
        short_title = self.short_title
        return lru_cache(CACHE_SIZE)(lambda item: msgspec.json.encode(short_title(item))[1:-1].decode())


@dataclass(frozen=True)
class Bundle:
    """A model version in memory."""

    manifest: Manifest
    tables: Tables
    index: faiss.Index  # inner product over factors.items times discovery.boost


def flatten(part: Any, prefix: str = "") -> Iterator[tuple[str, Array]]:
    """Every array of a dataclass of arrays and such dataclasses, as ("products.names.blob", array)."""
    for field in fields(part):
        if field.init:
            value, name = getattr(part, field.name), f"{prefix}{field.name}"
            if is_dataclass(value):
                yield from flatten(value, f"{name}.")
            elif value is not None:
                yield name, np.ascontiguousarray(value)


_hints = cache(get_type_hints)  # of the few dataclasses of arrays, at each load


def unflatten(kind: type[AnyTable], arrays: Mapping[str, Array], prefix: str = "") -> AnyTable:
    """The reverse of `flatten`. A part that may be None is None without arrays, else KeyError."""
    hints = _hints(kind)  # type: ignore[arg-type]
    return kind(
        **{
            field.name: _filled(hints[field.name], arrays, prefix + field.name)
            for field in fields(kind)  # type: ignore[arg-type]
            if field.init
        }
    )


def _filled(hint: Any, arrays: Mapping[str, Array], name: str) -> Any:
    if is_dataclass(hint):
        return unflatten(hint, arrays, f"{name}.")  # type: ignore[arg-type]
    part = next((each for each in get_args(hint) if is_dataclass(each)), None)
    if part is None:
        return arrays[name]
    there = any(each.startswith(f"{name}.") for each in arrays)
    return unflatten(part, arrays, f"{name}.") if there else None  # type: ignore[arg-type]
