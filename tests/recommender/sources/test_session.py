"""Where a visit goes next, on rows whose sums can be computed by hand."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from random_shop import random_bundle, random_request

from features.live.shopper_state import ShopperState
from recommender.arrays.id_map import NO_ROW
from recommender.context.request import Request, Situation
from recommender.kernels.trees import Split, Trees
from recommender.kernels.visit import NOT_NEXT, UNKNOWN_PRICE, VISIT_DEPTH
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle, Tables
from recommender.recommend import Recommender
from recommender.sources.cart import prior
from recommender.sources.session import head_of_visit, next_in_visit, ranked, step

from bundles import NOW, PRODUCTS, item, sessions, small_bundle, small_tables
from scale import QUESTIONS

ONWARD = {"kettle": [("tea", 4.0, 9), ("mug", 1.0, 2)], "mug": [("tea", 2.0, 3), ("cup", 1.0, 1)]}


def scores(viewed: list[str], fade: float = 0.5, back: float = 0.0, again: float = 0.0) -> dict[str, float]:
    found = step(sessions(ONWARD, (fade, back, again)), [item(name) for name in viewed])
    totals: dict[str, float] = {}
    for product, score in zip(found.items.tolist(), found.scores.tolist(), strict=True):
        totals[PRODUCTS[product]] = totals.get(PRODUCTS[product], 0.0) + score
    return totals


@pytest.mark.parametrize(
    ("viewed", "habits", "expected"),
    [
        ([], {}, {}),
        (["kettle"], {}, {"tea": 4.0, "mug": 1.0}),
        (["mug", "kettle"], {}, {"tea": 2.0 + 0.5 * 4.0, "cup": 1.0}),
        (["mug", "kettle"], {"back": 0.5}, {"tea": 4.0, "cup": 1.0, "kettle": 0.5 * 5.0}),
        (
            ["mug", "kettle", "tin"],
            {"back": 0.5, "again": 0.1},
            {"tea": 4.0, "cup": 1.0, "kettle": 2.5, "tin": 0.5},
        ),
        (["tin", "pot"], {"back": 0.5}, {}),
    ],
)
def test_what_lies_onward_adds_up_and_returns_pull_by_habit(
    viewed: list[str], habits: dict[str, float], expected: dict[str, float]
) -> None:
    assert scores(viewed, **habits) == pytest.approx(expected)


def test_where_no_visit_led_on_the_neighbours_speak() -> None:
    bundle = small_bundle()
    visit = ShopperState(viewed=("kettle",))
    found = next_in_visit(Situation(Request("home", now=NOW.timestamp(), shopper=visit), bundle))
    assert {PRODUCTS[product] for product in found.items} == {"pot", "tea", "mug"}


def test_home_follows_the_visit_and_says_why() -> None:
    bundle = small_bundle()
    recommender = Recommender(bundle, Availability.of(bundle.tables))
    visit = ShopperState(viewed=("pot", "cup"))
    others = tuple(set(PRODUCTS) - {"tin", "cup"})
    request = Request("home", now=NOW.timestamp(), shopper=visit, exclude=others)
    first, second = recommender.recommend(request, 2)
    assert (PRODUCTS[first.item], first.source) == ("tin", "browsing")
    assert (first.reason.code, first.reason.text) == ("viewed", "Because you looked at Pot")
    assert first.reason.evidence == {"together": 7}
    assert PRODUCTS[second.item] == "cup"
    assert second.reason.text == "You looked at this earlier"


def test_a_head_says_what_each_candidate_has_to_do_with_the_visit() -> None:
    tables = replace(small_tables(), sessions=sessions(ONWARD, (0.5, 0.0, 0.0)))
    head = head_of_visit(tables.sessions, tables.product.kinds, [item("mug"), item("kettle")])
    assert [PRODUCTS[each] for each in head.items] == ["tea", "cup"]
    tea, cup = head.features.tolist()
    assert tea == pytest.approx([1, 4, 0.5, 1, 2, NO_ROW, 1, 0, 3, 0.1, 1, 0.1, 0, 0, 1, 5 / 8])
    assert cup == pytest.approx([1 / 4, 1, 1, 1 / 2, 2, NO_ROW, 1 / 2, 1, 1, 0.1, 1, 0.1, 1, 1, 1, 12 / 8])


def plain_features(tables: Tables, viewed: list[int]) -> dict[int, list[float]]:
    """Item -> its features, by the words of `VisitHead`."""
    candidates, product, latest = step(tables.sessions, viewed), tables.product, viewed[0]
    votes: dict[int, list[float]] = {}
    for each, score in zip(candidates.items.tolist(), candidates.scores, strict=True):
        votes.setdefault(each, []).append(score)
    row, sums = tables.sessions.onward.of(latest), {each: sum(scores) for each, scores in votes.items()}
    around = [
        (each, *rest) for each, *rest in zip(*map(np.ndarray.tolist, row), strict=True) if each != latest
    ]
    next_to = {each: rank for rank, (each, _, _) in enumerate(around)}
    best = sorted(votes, key=lambda each: -sums[each])[:VISIT_DEPTH]
    features = {}
    for each in best:
        rank, ratio = next_to.get(each), product.price[each] / product.price[latest]
        alike = [product.category[each] == product.category[view] for view in viewed]
        features[each] = [
            sums[each] / sums[best[0]],
            sums[each],
            max(votes[each]) / sums[each],
            len(votes[each]) / len(viewed),
            len(viewed),
            viewed.index(each) if each in viewed else NO_ROW,
            0 if rank is None else around[rank][1] / around[0][1],
            NOT_NEXT if rank is None else rank,
            0 if rank is None else around[rank][2],
            tables.sessions.popularity[each],
            tables.sessions.trend[each],
            tables.sessions.popularity[latest],
            float(alike[0]),
            float(np.mean(alike)),
            float(product.brand[each] == product.brand[latest]),
            ratio if ratio > 0 else UNKNOWN_PRICE,
        ]
    return features


def test_the_features_are_those_of_the_plain_form() -> None:
    """Of 500 visits to a shop of 800 products, some without a price."""
    rng, tables = np.random.default_rng(5), random_bundle().tables
    price = np.where(rng.random(800) < 0.1, np.nan, tables.product.price).astype(np.float32)
    tables = replace(tables, product=replace(tables.product, price=price))
    for _ in range(500):
        viewed = rng.choice(800, rng.integers(1, 21), replace=False).tolist()
        plain = plain_features(tables, viewed)
        head = head_of_visit(tables.sessions, tables.product.kinds, viewed)
        assert sorted(head.items.tolist()) == sorted(plain)
        for each, features in zip(head.items.tolist(), head.features.tolist(), strict=True):
            assert features == pytest.approx(plain[each], rel=1e-5)


def test_the_trees_order_in_one_call_as_they_do_step_by_step() -> None:
    """2,000 questions at full scale about a shop of 800 products."""
    rng, bundle, ordered = Random(5), random_bundle(), 0
    tables = bundle.tables
    for number in range(QUESTIONS):
        situation = Situation(random_request(rng), bundle)
        candidates, sums = ranked(situation), step(tables.sessions, situation.viewed)
        if not len(sums.items):
            assert not len(candidates.items)
            continue
        head = head_of_visit(tables.sessions, tables.product.kinds, situation.viewed)
        chances, n = tables.visit_trees.chances(head.features, prior(head.features)), len(head.items)
        assert candidates.items[:n].tolist() == head.items.tolist(), number
        assert candidates.scores[:n].tolist() == chances.tolist(), number
        assert sorted(candidates.items.tolist()) == np.unique(sums.items).tolist()
        assert candidates.scores[n:].max(initial=0) <= chances.min()
        ordered += len(candidates.items) > n
    assert ordered > QUESTIONS / 20


def with_trees(bundle: Bundle, trees: Trees) -> Bundle:
    return replace(bundle, tables=replace(bundle.tables, visit_trees=trees))


def test_trees_change_the_order_alone() -> None:
    small = small_bundle()
    bundle = replace(small, tables=replace(small.tables, sessions=sessions(ONWARD, (0.5, 0.9, 0.0))))
    dearer_first = with_trees(bundle, Trees.of([Split(15, 1.0, 0.0, 9.0)]))
    request = Request("home", NOW.timestamp(), shopper=ShopperState(viewed=("mug", "kettle")))
    plain, ordered = (ranked(Situation(request, each)) for each in (bundle, dearer_first))
    assert PRODUCTS[int(ordered.items[ordered.scores.argmax()])] == "kettle"  # the earlier view itself
    cup, tea = (ordered.items.tolist().index(item(name)) for name in ("cup", "tea"))
    assert ordered.scores[cup] > ordered.scores[tea]
    assert (PRODUCTS[ordered.anchors[tea]], ordered.counts[tea]) == ("mug", 3)
    assert set(ordered.items.tolist()) == set(plain.items.tolist())


def test_without_trees_the_sums_stand() -> None:
    bundle = with_trees(random_bundle(), Trees.none())
    request = Request("home", NOW.timestamp(), shopper=ShopperState(viewed=("p-1", "p-2")))
    situation = Situation(request, bundle)
    candidates, sums = ranked(situation), step(bundle.tables.sessions, situation.viewed)
    assert [each.tolist() for each in candidates] == [each.tolist() for each in sums]


def test_trees_that_say_nothing_keep_the_order_of_the_sums() -> None:
    bundle = random_bundle()
    request = Request("home", NOW.timestamp(), shopper=ShopperState(viewed=("p-1", "p-2", "p-3")))
    empty, silent = (
        Recommender(each, Availability.of(each.tables)).recommend(request, 12)
        for each in (with_trees(bundle, Trees.none()), with_trees(bundle, Trees.of([0.0])))
    )
    assert [pick.item for pick in empty] == [pick.item for pick in silent]
