"""Machine code and `fold` say the same of a log, whatever is in it."""

from __future__ import annotations

from contextlib import suppress
from math import inf
from random import Random

import msgspec
import numpy as np
import pytest

from features.live.shopper_state import REMEMBERED, LogEntry, fold
from recommender.arrays.id_map import IdMap
from recommender.arrays.tables import Purchases
from recommender.context.shopper_log import MOST_CARTED, MOST_SEEN, LeftToFold, live_rows, log_of

PRODUCTS = [f"p-{number}" for number in range(12)] + ["tasse-à-thé", "p" * 200, ""]
IDS = IdMap.build(PRODUCTS)
KINDS = [*sorted(REMEMBERED), "view", "add_to_cart", "add_to_cart"]
SINCE_MS = 5_000
PURCHASES = Purchases(
    np.array([0, 0, 3]),
    np.array([3, 1, 7], np.int32),
    np.ones(3, np.int32),
    np.array([100, 90, 80], np.int32),
    np.ones(3, np.float32),
)
NOBODY, PAGE, ANN = -1, 5, 1

encode = msgspec.msgpack.encode


def entry(kind: str, *products: str, at_ms: int = 1, received_ms: int = 1, **fields: object) -> bytes:
    told = {"quantities": (1.0,) * len(products), "mark": 7} | fields
    return encode(LogEntry(at_ms=at_ms, type=kind, product_ids=products, received_ms=received_ms, **told))


def any_entry(rng: Random) -> bytes:
    products = rng.choices([*PRODUCTS, "unknown", "p-99"], k=rng.choice([0, 1, 1, 1, 2, 20]))
    return entry(
        rng.choice(KINDS),
        *products,
        at_ms=rng.choice([rng.randrange(9), rng.randrange(1 << 42), -3]),
        received_ms=rng.randrange(SINCE_MS),
        quantities=tuple(rng.choice([1.0, 2.5, 0.0, 1e-310, 3e300, rng.random()]) for _ in products),
        mark=rng.getrandbits(rng.choice([7, 32])),
        order_id=rng.choice([None, "o-1", "o" * 300]),
        query=rng.choice([None, "tea", ""]),
        money=rng.choice([inf, 9.5]),
    )


Rows = tuple[list[int], list[int]]


def told(log: list[bytes], ids: IdMap = IDS, product: int = -1) -> Rows:
    """What was looked at and what is in the cart, which is all that is hidden."""
    live = live_rows(log_of(log, ids, PURCHASES, (NOBODY, product, SINCE_MS, 0)))
    viewed, cart, hidden = (rows.tolist() for rows in live)
    assert hidden == cart + [product] * (product >= 0) or hidden == [product, *cart]
    return viewed, cart


def folded(entries: list[bytes], product: int = -1) -> Rows:
    state = fold(entries)
    viewed = dict.fromkeys([product, *IDS.rows(state.viewed)] if product >= 0 else IDS.rows(state.viewed))
    return [*viewed][:MOST_SEEN], IDS.rows(state.cart)


@pytest.mark.parametrize("seed", range(300))
def test_it_says_what_fold_says(seed: int) -> None:
    rng = Random(seed)
    log = [any_entry(rng) for _ in range(rng.choice([1, 5, 40, 300]))]
    log += rng.choices(log, k=rng.choice([0, 0, 3]))  # told twice
    if rng.random() < 0.8:
        log.sort(key=lambda packed: -msgspec.msgpack.decode(packed)[0])
    product = rng.choice([-1, PAGE])
    assert told(log, product=product) == folded(log, product)


def test_nothing_is_nothing() -> None:
    assert told([]) == ([], [])


def test_an_order_that_training_has_not_seen_is_left_to_fold() -> None:
    known, fresh = (entry("purchase", "p-1", received_ms=SINCE_MS + later) for later in (0, 1))
    assert told([known]) == ([], [])
    with pytest.raises(LeftToFold):
        told([known, fresh])


def test_a_cart_of_more_than_it_has_room_for_is_left_to_fold() -> None:
    many = [f"q-{number}" for number in range(MOST_CARTED + 1)]
    ids = IdMap.build(many)
    with pytest.raises(LeftToFold):
        told([entry("add_to_cart", *many)], ids)
    assert told([entry("add_to_cart", *many[1:])], ids) == ([], list(range(1, MOST_CARTED + 1)))


def test_hidden_are_the_page_the_cart_what_is_named_and_what_was_bought_lately() -> None:
    log = [entry("add_to_cart", "p-2", "p-4")]
    _, _, hidden = live_rows(log_of(log, IDS, PURCHASES, (ANN, PAGE, SINCE_MS, 85), named=[9, 2]))
    assert sorted(hidden.tolist()) == [1, 2, 2, 3, 4, 5, 9]
    _, _, hidden = live_rows(log_of([], IDS, PURCHASES, (ANN, -1, SINCE_MS, 100)))
    assert hidden.tolist() == []


WHOLE = entry("add_to_cart", "p-1", "p-2", order_id="o-1", query="tea")
UNREADABLE = [
    *[WHOLE[:end] for end in range(len(WHOLE))][1:],
    *[WHOLE[:place] + bytes([kind]) + WHOLE[place + 1 :] for place in (0, 1, 2, 14) for kind in (0xC1, 0xDD)],
    b"\xdd\xff\xff\xff\xff",
    b"\xc1",
    encode({"at_ms": 1}),
    encode([1, "view", ["p-1"], [], 1, 1]),
]


@pytest.mark.parametrize("packed", UNREADABLE)
def test_what_cannot_be_read_is_left_to_fold(packed: bytes) -> None:
    with pytest.raises(LeftToFold):
        told([packed])


def test_damage_anywhere_neither_stops_nor_misleads_it() -> None:
    rng = Random(7)
    for _ in range(3_000):
        damaged = bytearray(WHOLE)
        for _ in range(rng.choice([1, 3])):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        log = [entry("view", "p-3"), bytes(damaged), entry("add_to_cart", "p-4")]
        with suppress(LeftToFold):
            viewed, cart = told(log)
            state = fold(log)
            known = set(IDS.rows([*state.viewed, *state.cart]))
            assert {*viewed, *cart} >= known - set(IDS.rows(["p-1", "p-2"]))
