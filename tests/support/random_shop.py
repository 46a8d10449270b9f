"""A shop of 800 products drawn at random, and requests to it, to compare two ways to one answer."""

from dataclasses import replace
from random import Random
from typing import Any, get_args

import msgspec
import numpy as np

from features.live.log_entry import KINDS, LogEntry, id_hash, pack
from features.live.shopper_state import ShopperLog
from recommender.arrays.id_map import IdMap, PackedBytes
from recommender.arrays.tables import Neighbours, ProductTable, Purchases, Ranking, Sessions, VariantGroups
from recommender.context.request import Placement, Request
from recommender.kernels.cart import CART_FEATURES
from recommender.kernels.trees import Split, Trees
from recommender.merchandising.rules import AnyRule, Rules
from recommender.model.bundle import Bundle, Tables
from recommender.model.discovery_table import Discovery
from recommender.model.next_basket_table import NextBasket, Peers, Precomputed, PurchaseHistories
from recommender.placements import fixed_weights
from recommender.sources.next_basket import precompute

from bundles import NOW, TODAY, small_index, small_manifest, small_tables

N, CUSTOMERS, CATEGORIES, CROWD = 800, 40, 12, 30
NOW_MS = int(NOW.timestamp() * 1000)
TRAINED_MS = small_manifest().data_until_ms
FRESH = 0.1  # share of the requests with an order that training has not seen
KINDS_DRAWN = (*KINDS, "view", "view", "add_to_cart", "add_to_cart")


def product_ids() -> list[str]:
    """All different; the hashes of CROWD of them begin at one slot of the id table."""
    crowd = (name for number in range(1 << 20) if id_hash(name := f"c-{number}") & 2_047 == 7)
    return [next(crowd) for _ in range(CROWD)] + [f"p-{number}" for number in range(N - CROWD)]


IDS = product_ids()


def any_tree(rng: np.random.Generator, depth: int = 3) -> Split | float:
    if not depth:
        return float(rng.normal())
    low, high = any_tree(rng, depth - 1), any_tree(rng, depth - 1)
    return Split(int(rng.integers(CART_FEATURES)), float(rng.normal()), low, high)


def neighbours(rng: np.random.Generator, rows: int, most: int, *, negative: bool = False) -> Neighbours:
    """As `Neighbours`, distinct in each row, strongest first."""
    sizes = rng.integers(0, most + 1, rows)
    total = int(sizes.sum())
    items = [rng.choice(N, size, replace=False) for size in sizes]
    weights = [np.sort(rng.random(size) - 0.2 * negative)[::-1] for size in sizes]
    return Neighbours(
        np.concatenate([[0], np.cumsum(sizes)]),
        np.concatenate(items).astype(np.int32),
        np.concatenate(weights).astype(np.float32),
        rng.integers(1, 50, total).astype(np.int32),
    )


def ranking(rng: np.random.Generator, n: int) -> Ranking:
    items, counts = rng.permutation(N)[:n].astype(np.int32), np.arange(n, 0, -1, dtype=np.int32)
    return Ranking(items, (counts / n).astype(np.float32), counts)


def next_basket(rng: np.random.Generator, bought: Neighbours) -> NextBasket:
    """bought: each customer's products; the next basket of half of the customers is precomputed."""
    days = [
        np.sort(rng.integers(TODAY - 300, TODAY, size)) for size in np.diff(bought.offsets)
    ]  # oldest first
    some = neighbours(rng, CUSTOMERS, 20)
    scales = {"popularity": 1, "trend": 2, "rebuys": 1, "repeat_rate": 1, "repeat_gap": 90}
    figures = {name: (rng.random(N) * scale + 0.1).astype(np.float32) for name, scale in scales.items()}
    peers = [np.sort(some.items[slice(*some.offsets[row : row + 2])]) for row in range(CUSTOMERS)]
    table = NextBasket(
        pasts=PurchaseHistories(bought.offsets, bought.items, np.concatenate(days).astype(np.int32)),
        peers=Peers(some.offsets, np.concatenate(peers), some.weights),
        partners=neighbours(rng, N, 10),
        best_sellers=rng.permutation(N)[:30].astype(np.int32),
        blend=np.array([0.9, 0.2], np.float32),
        trees=Trees.none(),
        foreseen=Precomputed.none(CUSTOMERS),
        **figures,
    )
    with_past = np.flatnonzero(np.diff(bought.offsets)[: CUSTOMERS // 2])
    kept, row = precompute(table, with_past, TODAY)
    sizes = np.zeros(CUSTOMERS, np.int64)
    sizes[with_past] = kept
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    return replace(table, foreseen=Precomputed(np.array([TODAY], np.int32), offsets, *row))


def random_tables(seed: int = 7) -> Tables:
    rng, small = np.random.default_rng(seed), small_tables()
    names = [name.encode() for name in IDS]
    bought = neighbours(rng, CUSTOMERS, 30)
    total = int(bought.offsets[-1])
    factors = rng.normal(size=(N, 4)).astype(np.float32)
    return replace(
        small,
        products=IdMap.build(IDS),
        customers=IdMap.build([f"c-{number}" for number in range(CUSTOMERS)]),
        categories=IdMap.build([f"category-{number}" for number in range(CATEGORIES)]),
        brands=IdMap.build([f"brand-{number}" for number in range(CATEGORIES)]),
        cards=PackedBytes.pack(b'"title":"%b"' % name for name in names),
        titles=PackedBytes.pack(names),
        product=ProductTable(
            price=(rng.random(N) * 50 + 1).astype(np.float32),
            cost=(rng.random(N) * 40).astype(np.float32),
            category=rng.integers(-1, CATEGORIES, N).astype(np.int32),
            brand=rng.integers(-1, CATEGORIES, N).astype(np.int32),
            recommendable=rng.random(N) < 0.95,
            in_stock=rng.random(N) < 0.9,
            buyers=rng.integers(1, 500, N).astype(np.int32),
            first_day=rng.integers(TODAY - 900, TODAY, N).astype(np.int32),
            repeat_rate=rng.random(N).astype(np.float32),
            repeat_gap=(rng.random(N) * 90).astype(np.float32),
            rest_days=(np.arange(N) % 60).astype(np.int32),
        ),
        variant_groups=VariantGroups.none(N),
        attributes=None,
        similar=neighbours(rng, N, 20),
        complements=neighbours(rng, N, 20),
        upgrades=neighbours(np.random.default_rng(seed), N, 5),
        traits=PackedBytes.pack(b"{}" for _ in names),
        companions=neighbours(rng, N, 40, negative=True),
        cart_trees=Trees.of([any_tree(rng) for _ in range(5)]),
        purchases=Purchases(
            bought.offsets,
            bought.items,
            rng.integers(1, 9, total).astype(np.int32),
            rng.integers(TODAY - 60, TODAY, total).astype(np.int32),
            np.full(total, 11, np.float32),
        ),
        next_basket=next_basket(rng, bought),
        sessions=Sessions(
            neighbours(rng, N, 15), small.sessions.habits, *rng.random((2, N)).astype(np.float32)
        ),
        visit_trees=Trees.of([any_tree(rng) for _ in range(5)]),
        factors=replace(small.factors, items=factors, gram=factors.T @ factors + np.eye(4, dtype=np.float32)),
        discovery=Discovery.none(N, CUSTOMERS),
        popular=ranking(rng, N),
        trending=ranking(rng, 100),
        newest=ranking(rng, 100),
        blends=fixed_weights(),
        category_popular=neighbours(rng, CATEGORIES, 100),
    )


def random_bundle(seed: int = 7) -> Bundle:
    """In memory."""
    tables = random_tables(seed)
    return Bundle(small_manifest(), tables, small_index(tables))


def random_log(rng: Random) -> list[bytes]:
    """Some events in about the order of their time, a few at the same moment; carts of up to 200."""
    number, fresh = rng.choice([0, 1, 5, 20, 300]), rng.random() < FRESH
    kinds = rng.choices(KINDS_DRAWN, k=number) + ["add_to_cart"] * rng.choice([0, 0, 200])
    return [_entry(rng, kind, position, fresh) for position, kind in enumerate(kinds)]


def _entry(rng: Random, kind: str, position: int, fresh: bool) -> bytes:
    lines = 1 if kind not in {"purchase", "refund", "cancel", "checkout"} else rng.choice([0, 1, 3, 40])
    products = [*rng.choices(IDS, k=lines - 1), rng.choice([*IDS[:60], "gone"])] if lines else []
    received_ms = TRAINED_MS + rng.choice([0, 1]) if fresh else TRAINED_MS
    return pack(
        LogEntry(
            at_ms=NOW_MS - 1_000 * rng.choice([position, position, position // 5, rng.randrange(400)]),
            type=kind,
            product_ids=tuple(products),
            quantities=tuple(rng.choice([1.0, 2.0, 0.35]) for _ in products),
            received_ms=received_ms,
            mark=rng.getrandbits(32),
            order_id=rng.choice([None, "o-1", "o-2"]),
        )
    )


def random_request(rng: Random) -> Request:
    """Any request; the number of products is apart."""
    cart = rng.sample([*IDS, "gone"], rng.choice([0, 0, 1, 5, 40, 200]))
    return Request(
        rng.choice(get_args(Placement)),
        NOW.timestamp(),
        shopper=ShopperLog(random_log(rng)),
        customer_id=rng.choice([None, "nobody", *(f"c-{number}" for number in range(CUSTOMERS))]),
        product_id=rng.choice([None, "gone", *IDS]),
        cart=tuple(cart),
        exclude=tuple(rng.sample(IDS, rng.choice([0, 0, 3]))),
        category=rng.choice([None] * 5 + ["category-3"]),
        max_price=rng.choice([None] * 5 + [20.0]),
        in_stock=rng.random() < 0.8,
        rest_days=rng.choice([None, 0, 14, 30]),
    )


def random_rules(rng: Random) -> tuple[AnyRule, ...]:
    """None, or some of every kind."""
    if rng.random() < 0.5:
        return ()
    several: list[dict[str, Any]] = [
        {"kind": "pin", "product_id": rng.choice(IDS), "position": rng.choice([1, 3, 60])},
        {"kind": "boost", "categories": ["category-1"], "factor": 3},
        {"kind": "bury", "products": rng.sample(IDS, 50), "factor": 0.2},
        {"kind": "hide", "brands": ["brand-2"]},
        {"kind": "cap", "by": "category", "most": 2},
        {"kind": "diversity", "by": "brand", "in_a_row": 1},
        {"kind": "rotation", "days": 3},
        {"kind": "margin", "minimum": 0.2},
    ]
    chosen = rng.sample(several, rng.randrange(1, len(several) + 1))
    return msgspec.convert([{"id": f"r-{n}", **rule} for n, rule in enumerate(chosen)], Rules)
