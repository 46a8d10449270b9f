"""The loop over a log's records and `fold` say the same, whatever is in it."""

from math import inf
from random import Random
from typing import Any

import msgspec
import numpy as np
from random_shop import random_bundle, random_request, random_rules

from features.live.log_entry import KINDS, RECORD, LogEntry, pack
from features.live.shopper_state import ShopperLog, fold
from recommender.arrays.id_map import NO_ROW, IdMap, PackedBytes
from recommender.arrays.tables import Purchases
from recommender.context.shopper_log import MOST_CARTED, MOST_VIEWED, LogOwner, live_view
from recommender.model.availability import Availability
from recommender.recommend import Recommender

from scale import QUESTIONS

PRODUCTS = [f"p-{number}" for number in range(12)] + ["tasse-à-thé", "p" * 200]
IDS = IdMap.build(PRODUCTS)
MOSTLY = [*KINDS, "view", "add_to_cart", "add_to_cart"]
SINCE_MS = 5_000
PAGE = 5
ANN = 1
FORTNIGHT = np.array([14], np.int32)
PURCHASES = Purchases(
    np.array([0, 0, 3]),
    np.array([3, 1, 7], np.int32),
    np.ones(3, np.int32),
    np.array([100, 90, 80], np.int32),
    np.ones(3, np.float32),
)


def entry(kind: str, *products: str, at_ms: int = 1, received_ms: int = 1, **fields: Any) -> bytes:
    all_fields: dict[str, Any] = {"quantities": (1.0,) * len(products), "mark": 7} | fields
    return pack(LogEntry(at_ms=at_ms, type=kind, product_ids=products, received_ms=received_ms, **all_fields))


def any_entry(rng: Random) -> bytes:
    products = rng.choices([*PRODUCTS, "unknown", "p-99"], k=rng.choice([0, 1, 1, 1, 2, 20]))
    return entry(
        rng.choice(MOSTLY),
        *products,
        at_ms=rng.choice([rng.randrange(9), rng.randrange(1 << 42), -3]),
        received_ms=rng.randrange(SINCE_MS),
        quantities=tuple(rng.choice([1.0, 2.5, 0.0, 1e-310, 3e300, rng.random()]) for _ in products),
        mark=rng.getrandbits(rng.choice([7, 32])),
        order_id=rng.choice([None, "o-1", "o" * 300]),
    )


Rows = tuple[list[int], list[int]]


def resolved(log: list[bytes], ids: IdMap = IDS, page: int = NO_ROW) -> Rows | None:
    """The rows viewed and those in the cart; only these and the page's product are hidden."""
    view = live_view(log, ids, PURCHASES, LogOwner(NO_ROW, page, SINCE_MS, 100), FORTNIGHT)
    if view is None:
        return None
    assert view.hidden.tolist() == view.cart.tolist() + [page] * (page >= 0)
    return view.viewed.tolist(), view.cart.tolist()


def folded(log: list[bytes], page: int = NO_ROW) -> tuple[list[int], list[int]]:
    state = fold(log)
    viewed = dict.fromkeys([page, *IDS.rows(state.viewed)] if page >= 0 else IDS.rows(state.viewed))
    return [*viewed][:MOST_VIEWED], IDS.rows(state.cart)


def test_it_says_what_fold_says() -> None:
    for seed in range(300):
        rng = Random(seed)
        log = [any_entry(rng) for _ in range(rng.choice([1, 5, 40, 300]))]
        page = rng.choice([NO_ROW, PAGE])
        assert resolved(log, page=page) == folded(log, page), seed


def test_answers_from_the_log_are_those_from_its_fold() -> None:
    """2,000 questions at full scale about a shop of 800 products."""
    rng, bundle = Random(11), random_bundle()
    availability, resolved_logs = Availability.of(bundle.tables), 0
    for number in range(QUESTIONS):
        request, k, visitor = random_request(rng), rng.choice([1, 8, 60]), rng.choice([None, "v-1"])
        recommender = Recommender(bundle, availability, rules=random_rules(rng))
        log = request.shopper
        assert isinstance(log, ShopperLog)
        plain = msgspec.structs.replace(request, shopper=log.fold())
        assert recommender.recommend(request, k, visitor) == recommender.recommend(plain, k, visitor), number
        owner = LogOwner(NO_ROW, NO_ROW, bundle.manifest.data_until_ms, 0)
        resolved_logs += (
            live_view(log.entries, bundle.tables.products, PURCHASES, owner, FORTNIGHT) is not None
        )
    assert 0.75 * QUESTIONS < resolved_logs < QUESTIONS


def test_hidden_are_the_page_the_cart_what_is_named_and_what_was_bought_lately() -> None:
    log = [entry("add_to_cart", "p-2", "p-4")]
    view = live_view(log, IDS, PURCHASES, LogOwner(ANN, PAGE, SINCE_MS, 99), FORTNIGHT, [9, 2])
    assert view is not None
    assert sorted(view.hidden.tolist()) == [1, 2, 2, 3, 4, 5, 9]


def test_nothing_is_nothing() -> None:
    assert resolved([]) == ([], [])
    assert resolved([], page=PAGE) == ([PAGE], [])


def test_an_order_that_training_has_not_seen_must_be_folded() -> None:
    trained, fresh = (entry("purchase", "p-1", received_ms=SINCE_MS + later) for later in (0, 1))
    assert resolved([trained]) == ([], [])
    assert resolved([trained, fresh]) is None


def test_a_cart_of_more_than_it_has_room_for_must_be_folded() -> None:
    many = [f"q-{number}" for number in range(MOST_CARTED + 1)]
    ids = IdMap.build(many)
    assert resolved([entry("add_to_cart", *many)], ids) is None
    assert resolved([entry("add_to_cart", *many[1:])], ids) == ([], list(range(1, MOST_CARTED + 1)))


def test_of_two_products_of_one_hash_the_first_is_meant_and_nothing_else_changes() -> None:
    slots, hashes = np.array([-1, -1, 0, 1, 2, -1, -1, -1], np.int32), np.array([42, 42, 43])
    ids = IdMap(PackedBytes.pack([b"one", b"other", b"third"]), slots, hashes)
    log = [RECORD.pack(at_ms, 1, number, 1.0, inf, 7, 0, 0) for at_ms, number in [(3, 42), (2, 43), (1, 44)]]
    assert resolved(log, ids) == ([0, 2], [])


WHOLE = entry("add_to_cart", "p-1", "p-2", order_id="o-1")


def test_what_is_cut_off_never_stops_it() -> None:
    read = [end for end in range(1, len(WHOLE)) if resolved([WHOLE[:end]]) is not None]
    assert [end for end in read if end % RECORD.size] == []


def test_damage_anywhere_neither_stops_nor_misleads_it() -> None:
    rng = Random(7)
    for _ in range(3_000):
        damaged = bytearray(WHOLE)
        for _ in range(rng.choice([1, 3])):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        fold([bytes(damaged)])
        view = resolved([entry("view", "p-3"), entry("add_to_cart", "p-4"), bytes(damaged)])
        if view is not None:
            assert 3 in view[0]
            assert 4 in view[1]
