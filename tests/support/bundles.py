"""A bundle small enough to compute its answers by hand."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import faiss
import msgspec
import numpy as np

from features.catalogue.attributes import plain_attributes
from recommender.arrays.id_map import IdMap, PackedBytes
from recommender.arrays.tables import (
    Factors,
    Neighbours,
    ProductTable,
    Purchases,
    Ranking,
    Sessions,
    VariantGroups,
)
from recommender.kernels.trees import Trees
from recommender.model import versions
from recommender.model.attribute_table import AttributeTable
from recommender.model.bundle import Bundle, Manifest, Tables
from recommender.model.bundle_files import write_bundle
from recommender.model.discovery_table import Discovery
from recommender.model.live_attributes import attribute_digest
from recommender.model.next_basket_table import NextBasket, Peers, Precomputed, PurchaseHistories
from recommender.placements import fixed_weights
from recommender.sources.upgrades import BETTER_RATED

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TODAY = int(NOW.timestamp() // 86_400)
PRODUCTS = ("kettle", "mug", "tea", "pot", "spoon", "tin", "cup", "postage")
PRICES = (30.0, 8.0, 5.0, 20.0, 3.0, 10.0, 12.0, 4.0)
CATEGORIES = ("kitchen", "pantry")
ATTRIBUTES: Mapping[str, Mapping[str, Any]] = {
    "kettle": {"colour": "Steel", "weight": "900 g"},
    "mug": {"colour": "Red", "weight": "300 g"},
    "pot": {"colour": ["red", "blue"], "weight": "0.9 kg"},
    "spoon": {"colour": "steel", "weight": "40 g"},
}
VERSION = "2026-11-22T10-00-00Z"

Pairs = Mapping[str, Sequence[tuple[str, float, int]]]


def item(product_id: str) -> int:
    """Its row."""
    return PRODUCTS.index(product_id)


def neighbours(pairs: Pairs, rows: Sequence[str] = PRODUCTS) -> Neighbours:
    """Rows of (product, weight, buyers of both)."""
    lists = [list(pairs.get(name, ())) for name in rows]
    flat = [partner for row in lists for partner in row]
    return Neighbours(
        offsets=np.cumsum([0, *map(len, lists)]).astype(np.int64),
        items=np.array([item(name) for name, _, _ in flat], np.int32),
        weights=np.array([weight for _, weight, _ in flat], np.float32),
        together=np.array([together for _, _, together in flat], np.int32),
    )


def ranking(names: Sequence[str], counts: Sequence[int]) -> Ranking:
    """Products best first, with the counts behind them."""
    scores = np.linspace(1.0, 0.1, len(names)).astype(np.float32)
    return Ranking(np.array([item(name) for name in names], np.int32), scores, np.array(counts, np.int32))


def purchases(of: Mapping[str, Sequence[tuple[str, int, int]]]) -> Purchases:
    """Customer -> (product, orders, days ago)."""
    flat = [row for rows in of.values() for row in rows]
    return Purchases(
        offsets=np.cumsum([0, *(len(rows) for rows in of.values())]).astype(np.int64),
        items=np.array([item(name) for name, _, _ in flat], np.int32),
        orders=np.array([orders for _, orders, _ in flat], np.int32),
        last_day=np.array([TODAY - days for _, _, days in flat], np.int32),
        confidence=np.full(len(flat), 11.0, np.float32),
    )


def sessions(onward: Pairs, habits: tuple[float, float, float]) -> Sessions:
    """Each product is in a tenth of the visits, and always was."""
    n = len(PRODUCTS)
    shares, trend = np.full(n, 0.1, np.float32), np.ones(n, np.float32)
    return Sessions(neighbours(onward), np.array(habits, np.float32), shares, trend)


def next_basket_table() -> NextBasket:
    """Four orders of tea and one mug for `ann`, a kettle for `bob`; peers of both buy spoons. No trees."""
    lines = [("mug", 100), *(("tea", ago) for ago in (85, 65, 45, 25)), ("kettle", 1)]
    bought = [item(name) for name, _ in lines]
    n = len(PRODUCTS)
    return NextBasket(
        pasts=PurchaseHistories(
            np.array([0, 5, 6], np.int64),
            np.array(bought, np.int32),
            np.array([TODAY - ago for _, ago in lines], np.int32),
        ),
        peers=Peers(np.array([0, 1, 2]), np.full(2, item("spoon"), np.int32), np.full(2, 0.5, np.float32)),
        partners=neighbours({"kettle": [("tea", 0.4, 0)]}),
        popularity=np.full(n, 0.1, np.float32),
        trend=np.ones(n, np.float32),
        rebuys=np.full(n, 0.2, np.float32),
        repeat_rate=np.full(n, 0.2, np.float32),
        repeat_gap=np.full(n, 30.0, np.float32),
        best_sellers=np.array([item("mug"), item("tea")], np.int32),
        blend=np.array([0.9, 0.2], np.float32),
        trees=Trees.none(),
        foreseen=Precomputed.none(2),
    )


def attribute_table() -> AttributeTable:
    """As training makes it."""
    given = [ATTRIBUTES.get(name, {}) for name in PRODUCTS]
    plain = [{**plain_attributes(each), "brand": ["fern"]} for each in given]
    return AttributeTable.build(plain, np.array(list(map(attribute_digest, given)), np.int64))


def small_tables() -> Tables:
    """Eight products; `ann` drinks tea every 20 days, `bob` bought a kettle yesterday."""
    n = len(PRODUCTS)
    bought = {"ann": [("tea", 4, 25), ("mug", 1, 100)], "bob": [("kettle", 1, 1)]}
    cards = [
        msgspec.json.encode({"title": name.title(), "price": price, "currency": "EUR"})[1:-1]
        for name, price in zip(PRODUCTS, PRICES, strict=True)
    ]
    factors = np.eye(n, 4, dtype=np.float32) + 0.1
    return Tables(
        products=IdMap.build(PRODUCTS),
        customers=IdMap.build(list(bought)),
        categories=IdMap.build(CATEGORIES),
        brands=IdMap.build(["fern"]),
        cards=PackedBytes.pack(cards),
        titles=PackedBytes.pack(name.title().encode() for name in PRODUCTS),
        product=ProductTable(
            price=np.array(PRICES, np.float32),
            cost=np.full(n, np.nan, np.float32),
            category=np.array([0, 0, 1, 0, 0, 1, 0, -1], np.int32),
            brand=np.zeros(n, np.int32),
            recommendable=np.array([name != "postage" for name in PRODUCTS]),
            in_stock=np.ones(n, np.bool_),
            buyers=np.array([40, 100, 80, 20, 60, 10, 30, 200], np.int32),
            first_day=np.full(n, TODAY - 400, np.int32),
            repeat_rate=np.array([0.0, 0.1, 0.8, 0.0, 0.0, 0.3, 0.1, 0.0], np.float32),
            repeat_gap=np.array([400, 200, 20, 400, 400, 60, 200, 400], np.float32),
            rest_days=np.full(n, 14, np.int32),
        ),
        variant_groups=VariantGroups.none(n),
        similar=neighbours(
            {"kettle": [("pot", 0.9, 2)], "mug": [("cup", 0.8, 5)], "pot": [("kettle", 0.9, 2)]}
        ),
        complements=neighbours({"kettle": [("tea", 0.6, 16), ("mug", 0.3, 10)], "tea": [("tin", 0.5, 5)]}),
        upgrades=neighbours({"mug": [("cup", 0.8, BETTER_RATED)]}),
        traits=PackedBytes.pack(
            [b'{"rating":4.8}' if name == "cup" else b'{"rating":4.4}' for name in PRODUCTS]
        ),
        companions=neighbours(
            {"kettle": [("tea", 0.4, 16), ("spoon", 0.1, 4)], "mug": [("spoon", 0.5, 12), ("tea", 0.2, 9)]}
        ),
        cart_tuning=np.array([40.0, 0.1], np.float32),
        cart_trees=Trees.none(),
        purchases=purchases(bought),
        next_basket=next_basket_table(),
        sessions=sessions({"pot": [("tin", 2.0, 7)]}, (0.5, 0.9, 0.1)),
        visit_trees=Trees.none(),
        factors=Factors(factors, factors.T @ factors + 0.5 * np.eye(4, dtype=np.float32)),
        discovery=Discovery.none(n, 2),
        popular=ranking(
            ("mug", "tea", "spoon", "kettle", "cup", "pot", "tin"), (100, 80, 60, 40, 30, 20, 10)
        ),
        trending=ranking(("tin", "pot"), (9, 7)),
        newest=ranking(("cup", "spoon"), (TODAY - 3, TODAY - 5)),
        blends=fixed_weights(),
        category_popular=neighbours(
            {
                "kitchen": [(name, 1.0, 9) for name in ("mug", "spoon", "kettle", "cup", "pot")],
                "pantry": [("tea", 1.0, 80), ("tin", 0.2, 10)],
            },
            CATEGORIES,
        ),
        attributes=attribute_table(),
    )


def small_manifest(version: str = VERSION) -> Manifest:
    """A manifest of `small_tables`, trained this morning."""
    return Manifest(
        version=version,
        created_at=NOW.isoformat(),
        first_order="2025-01-01T00:00:00Z",
        last_order="2026-11-22T00:00:00Z",
        data_until_ms=int(NOW.timestamp() * 1000) - 7_200_000,
        orders=5_000,  # enough for no best sellers beside what they say
        customers=2,
        products=len(PRODUCTS),
        buyers=400,
        settings={},
        metrics={},
        files={},
    )


def small_index(tables: Tables) -> faiss.Index:
    """Exact inner product over the item factors."""
    index = faiss.IndexFlatIP(tables.factors.items.shape[1])
    index.add(tables.factors.items)
    return index


def small_bundle() -> Bundle:
    """In memory."""
    tables = small_tables()
    return Bundle(small_manifest(), tables, small_index(tables))


def write_small(models: Path, version: str = VERSION, bundle_of: Callable[[], Bundle] = small_bundle) -> str:
    """Write, seal and publish it under `models`; returns the manifest's SHA-256.

    bundle_of: makes the tables and the index; a function of a module, called once.
    """
    files = _files(version, bundle_of)
    for path, content in files.items():
        (models / path).parent.mkdir(parents=True, exist_ok=True)
        (models / path).write_bytes(content)
    seal = files[Path(f"{version}{versions.SEAL}")].decode()
    if versions.current(models) is None:
        versions.point(models, versions.Pointer(version, seal))  # checked when it was first written
    else:
        versions.publish(models, version)
    return seal


@cache
def _files(version: str, bundle_of: Callable[[], Bundle]) -> Mapping[Path, bytes]:
    """A version and its seal as the product writes them, checked: hundreds of tests begin with one."""
    bundle = bundle_of()
    with TemporaryDirectory(prefix="perennial-") as folder:
        models = Path(folder)
        seal = write_bundle(models / version, small_manifest(version), bundle.tables, bundle.index)
        versions.seal(models, version, seal)
        versions.publish(models, version)
        paths = [*(models / version).iterdir(), models / f"{version}{versions.SEAL}"]
        return {path.relative_to(models): path.read_bytes() for path in paths}
