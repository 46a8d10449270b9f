"""One call of machine code and the parts of an answer say the same, whoever asks."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import msgspec
import numpy as np
import pytest

from features.live.shopper_state import LogEntry, ShopperLog
from recommender.context.request import Request, Situation
from recommender.kernels.cart import FEATURES
from recommender.kernels.trees import Split, Trees
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from recommender.model.next_basket_table import Precomputed
from recommender.placements import AT_ONCE, Source, Stage
from recommender.recommend import _blended
from recommender.sources.candidates import Ranking
from recommender.sources.fused import Found
from recommender.sources.next_basket import foresee_many

from bundles import NOW, PRODUCTS, TODAY, small_bundle, small_tables

COURSES = [
    Stage.of(
        tuple(
            [
                Source(propose.__name__, weight, propose)
                for propose, weight in zip(course, (1.0, 0.6), strict=False)
            ]
        )
    )
    for course in AT_ONCE
]
KINDS = ("view", "click", "search", "add_to_cart", "remove_from_cart")
JUST_NOW_MS = int(NOW.timestamp() * 1000)


def any_tree(rng: np.random.Generator, depth: int = 3) -> Split | float:
    if not depth:
        return float(rng.normal())
    low, high = any_tree(rng, depth - 1), any_tree(rng, depth - 1)
    return Split(int(rng.integers(FEATURES)), float(rng.normal()), low, high)


def with_all_beforehand() -> Bundle:
    """The small bundle, its next baskets foreseen, and trees that order carts by anything."""
    rng, tables = np.random.default_rng(7), small_tables()
    basket = tables.next_basket
    sizes, row = foresee_many(basket, np.arange(2), TODAY)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    foreseen = Precomputed(np.array([TODAY], np.int32), offsets, *row)
    trees = Trees.of([any_tree(rng) for _ in range(5)])
    tables = replace(tables, next_basket=replace(basket, foreseen=foreseen), cart_trees=trees)
    return replace(small_bundle(), tables=tables)


BUNDLE = with_all_beforehand()
ALLOWED = Availability.of(BUNDLE.tables).sellable


def entry(kind: str, *products: str, received_ms: int = 1) -> bytes:
    ones = (1.0,) * len(products)
    return msgspec.msgpack.encode(LogEntry(JUST_NOW_MS, kind, products, ones, received_ms, mark=7))


def any_question(rng: Random) -> Request:
    log = [
        entry(rng.choice(KINDS), rng.choice([*PRODUCTS, "gone"])) for _ in range(rng.choice([0, 1, 5, 20]))
    ]
    some = [rng.sample([*PRODUCTS, "gone"], rng.choice([0, 0, 1, 3])) for _ in range(2)]
    return Request(
        "cart",
        NOW.timestamp(),
        shopper=ShopperLog(log),
        customer_id=rng.choice([None, "ann", "ann", "bob", "nobody"]),
        product_id=rng.choice([None, "gone", *PRODUCTS]),
        cart=tuple(some[0]),
        exclude=tuple(some[1]),
        rest_days=rng.choice([0, 14, 30]),
    )


def told(found: Found | tuple[Ranking, object]) -> tuple[list[list[int]], list[float], list[int]]:
    ranking, proposed = found
    return ranking.told.tolist(), ranking.scores.tolist(), list(proposed)  # type: ignore[call-overload]


@pytest.mark.parametrize("course", COURSES, ids=lambda course: "+".join(course.names))
def test_it_says_what_the_parts_say(course: Stage) -> None:
    assert course.at_once is not None
    answered = 0
    for seed in range(300):
        request, k = any_question(Random(seed)), Random(seed).choice([1, 3, 8])
        once, parts = Situation(request, BUNDLE), Situation(request, BUNDLE)
        found = course.at_once(once, course.weights, ALLOWED, k)
        if found is not None:
            assert told(found) == told(_blended(parts, course, ALLOWED, [], k)), seed
            answered += 1
        for rows in ("viewed", "cart", "hidden"):  # of which further sources are asked
            assert getattr(once, rows).tolist() == getattr(parts, rows).tolist(), seed
    assert answered > 50
    assert ALLOWED.tolist() == [True] * (len(PRODUCTS) - 1) + [False]  # as it was


@pytest.mark.parametrize("course", COURSES, ids=lambda course: "+".join(course.names))
@pytest.mark.parametrize("log", [[entry("purchase", "cup", received_ms=JUST_NOW_MS)], [b"\xc1"]])
def test_an_unseen_order_and_a_damaged_log_are_left(course: Stage, log: list[bytes]) -> None:
    request = Request(
        "cart", NOW.timestamp(), ShopperLog(log), customer_id="ann", product_id="kettle", cart=("mug",)
    )
    assert course.at_once is not None
    assert course.at_once(Situation(request, BUNDLE), course.weights, ALLOWED, 3) is None
