"""The next-basket source, against vectors computed by hand.

Covers recommender/sources/next_basket_features.py and model/next_basket_table.py, too.
"""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from features.live.shopper_state import ShopperState, entry_of, fold
from recommender.context.request import Request, Situation
from recommender.kernels.cart import NEVER_BOUGHT
from recommender.kernels.trees import Split, Trees
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from recommender.model.next_basket_table import Past
from recommender.recommend import Recommender
from recommender.sources.next_basket import (
    bought_before,
    extended,
    next_basket,
    past_of,
    personal_vector,
    precompute,
    score_candidates,
)
from recommender.sources.next_basket_features import (
    BASKET_SHARE,
    COUNT,
    CUSTOMER,
    PRODUCT,
    TIFU,
    describe_candidates,
)
from training.models.next_basket import with_precomputed

from bundles import NOW, PRODUCTS, TODAY, item, small_bundle
from factories import event

BUNDLE = small_bundle()
NOTHING = ShopperState()


def past(*lines: tuple[int, int]) -> Past:
    """(day, item) lines, oldest first."""
    days, items = np.ascontiguousarray(np.array(lines, np.int32).T)
    return Past(items, days)


def situation(customer: str | None, shopper: ShopperState = NOTHING, bundle: Bundle = BUNDLE) -> Situation:
    return Situation(
        Request("next_order", now=NOW.timestamp(), customer_id=customer, shopper=shopper, rest_days=0),
        bundle,
    )


@pytest.mark.parametrize(
    ("lines", "decay", "items", "weights"),
    [
        ([(3, 7)], 0.9, [7], [1.0]),
        # baskets {1, 2}, {1}, {3}: weights 1/4, 1/2, 1 over 7/4
        ([(1, 1), (1, 2), (5, 1), (9, 3)], 0.5, [1, 2, 3], [3 / 7, 1 / 7, 4 / 7]),
        # the same without decay: shares of three baskets
        ([(1, 1), (1, 2), (5, 1), (9, 3)], 1.0, [1, 2, 3], [2 / 3, 1 / 3, 1 / 3]),
    ],
)
def test_a_personal_vector_is_the_decayed_share_of_baskets(
    lines: list[tuple[int, int]], decay: float, items: list[int], weights: list[float]
) -> None:
    found, shares = personal_vector(past(*lines), decay)
    assert found.tolist() == items
    assert shares == pytest.approx(weights)


def test_a_further_order_makes_the_past_that_training_would_have_seen() -> None:
    trained, fresh = past((1, 4), (2, 4), (2, 9)), [(6, 4), (6, 1)]
    whole = past((1, 4), (2, 4), (2, 9), (6, 1), (6, 4))
    live = extended(trained, fresh)
    assert (live.days.tolist(), live.items.tolist()) == (whole.days.tolist(), whole.items.tolist())
    for mine, theirs in zip(personal_vector(live, 0.8), personal_vector(whole, 0.8), strict=True):
        assert mine.tolist() == theirs.tolist()


def test_an_order_bought_twice_a_day_is_one_basket() -> None:
    assert extended(past((1, 4)), [(1, 4), (1, 5)]).items.tolist() == [4, 5]


def test_a_live_order_comes_on_top_unless_training_has_seen_it() -> None:
    live = fold(entry for entry in [entry_of(event("purchase", items=[("mug", 1, 8.0)]), NOW)] if entry)
    now = past_of(situation("ann", live))
    assert now.items.tolist() == [*past_of(situation("ann")).items.tolist(), item("mug")]
    assert now.days[-1] == TODAY
    manifest = msgspec.structs.replace(BUNDLE.manifest, data_until_ms=int(NOW.timestamp() * 1000))
    retrained = Bundle(manifest, BUNDLE.tables, BUNDLE.index)
    assert len(past_of(situation("ann", live, retrained)).items) == 5


def test_features_of_a_candidate() -> None:
    table = BUNDLE.tables.next_basket
    items, features = describe_candidates(table, table.pasts.of(0), table.peers.of(0), TODAY)
    found = dict(zip(items.tolist(), features, strict=True))
    weights = 0.9 ** np.arange(5)
    own = weights[:4].sum() / weights.sum()  # tea is in the last four of five baskets
    assert found[item("tea")][TIFU] == pytest.approx(0.2 * own)
    assert found[item("tea")][COUNT] == 4
    assert found[item("spoon")][TIFU] == pytest.approx(0.8 * 0.5)  # the peers alone
    assert found[item("spoon")][COUNT] == 0
    assert np.isfinite(features).all()


def test_an_unknown_customer_gets_no_candidates() -> None:
    assert len(next_basket(situation(None)).items) == 0
    assert len(next_basket(situation("stranger")).items) == 0


def test_without_trees_tifu_knn_ranks() -> None:
    found = next_basket(situation("ann"))
    assert [PRODUCTS[row] for row in found.items[np.argsort(-found.scores)][:2]] == ["spoon", "tea"]


def test_trees_rank_alike_each_time() -> None:
    by_count = Trees.of([Split(COUNT, 0.5, 0.0, 2.0)])
    tables = replace(BUNDLE.tables, next_basket=replace(BUNDLE.tables.next_basket, trees=by_count))
    learned = Bundle(BUNDLE.manifest, tables, BUNDLE.index)
    first, second = (next_basket(situation("ann", bundle=learned)) for _ in range(2))
    assert first.scores.tolist() == second.scores.tolist()
    own = np.isin(first.items, [item("tea"), item("mug")])
    assert first.scores[own] == pytest.approx(1.0)
    assert first.scores[~own] == pytest.approx(np.exp(-2.0))


def test_bought_before_holds_nothing_new() -> None:
    assert {PRODUCTS[row] for row in bought_before(situation("ann")).items} == {"tea", "mug"}


def test_what_was_worked_out_beforehand_is_what_would_be_worked_out_now() -> None:
    foreseen = with_precomputed(BUNDLE.tables.next_basket, TODAY)
    tables = replace(BUNDLE.tables, next_basket=foreseen)
    prepared = Bundle(BUNDLE.manifest, tables, BUNDLE.index)
    for customer in ("ann", "bob"):
        now, before = next_basket(situation(customer)), next_basket(situation(customer, bundle=prepared))
        assert dict(zip(now.items.tolist(), now.scores.tolist(), strict=True)) == pytest.approx(
            dict(zip(before.items.tolist(), before.scores.tolist(), strict=True))
        )
        assert np.all(np.diff(before.scores) <= 0)


def test_an_order_since_then_or_another_day_is_worked_out_anew() -> None:
    empty = replace(BUNDLE.tables.next_basket, popularity=np.zeros(len(PRODUCTS), np.float32))
    foreseen = with_precomputed(empty, TODAY).foreseen
    assert foreseen.of(0, TODAY) is not None
    assert foreseen.of(0, TODAY - 1) is not None
    assert foreseen.of(0, TODAY + 1) is None
    assert foreseen.of(-1, TODAY) is None
    tables = replace(BUNDLE.tables, next_basket=replace(BUNDLE.tables.next_basket, foreseen=foreseen))
    live = fold(entry for entry in [entry_of(event("purchase", items=[("cup", 1, 8.0)]), NOW)] if entry)
    found = next_basket(situation("ann", live, Bundle(BUNDLE.manifest, tables, BUNDLE.index)))
    assert found.counts[found.items == item("cup")].tolist() == [1]


def test_what_is_computed_is_kept_for_the_day_and_until_the_customer_orders() -> None:
    tables = replace(BUNDLE.tables, next_basket=replace(BUNDLE.tables.next_basket))
    bundle = Bundle(BUNDLE.manifest, tables, BUNDLE.index)
    first, second = (next_basket(situation("ann", bundle=bundle)) for _ in range(2))
    assert second.scores is first.scores
    assert list(tables.next_basket.computed) == [(tables.customers.row("ann"), TODAY)]
    live = fold(entry for entry in [entry_of(event("purchase", items=[("cup", 1, 8.0)]), NOW)] if entry)
    assert next_basket(situation("ann", live, bundle)).scores is not first.scores
    assert next_basket(situation("ann", bundle=bundle)).scores is first.scores


def test_an_email_says_why() -> None:
    ask = Request("next_order", now=NOW.timestamp(), customer_id="ann", rest_days=0)
    spoon, tea = Recommender(BUNDLE, Availability.of(BUNDLE.tables)).recommend(ask, 2)
    assert (spoon.source, spoon.reason.code) == ("next_basket", "next_basket")
    assert tea.reason.text == "You bought this 4 times, last on 28 October"


def test_rest_days_hide_purchases() -> None:
    recommender = Recommender(BUNDLE, Availability.of(BUNDLE.tables))

    def shown(rest_days: int) -> set[str]:
        ask = Request("next_order", now=NOW.timestamp(), customer_id="bob", rest_days=rest_days)
        return {PRODUCTS[pick.item] for pick in recommender.recommend(ask, 7)}

    assert "kettle" in shown(0)
    assert "kettle" not in shown(14)


def test_what_the_habit_and_the_customer_say_by_hand() -> None:
    """Tea on the days 1, 11 and 31, with a mug on the last; asked on day 41."""
    table, tea, mug = BUNDLE.tables.next_basket, item("tea"), item("mug")
    bought = past((1, tea), (11, tea), (31, min(tea, mug)), (31, max(tea, mug)))
    items, features = describe_candidates(table, bought, table.peers.of(-1), 41)
    found = dict(zip(items.tolist(), features[:, BASKET_SHARE:PRODUCT].tolist(), strict=True))
    gap_of = np.maximum(table.repeat_gap, 0.5)
    assert found[tea] == pytest.approx([1.0, 0, 2, 10, 10 / 15, 10 / gap_of[tea]])
    assert found[mug] == pytest.approx([1 / 3, 0, 0, 10, -1, 10 / gap_of[mug]])
    assert all(
        found[other][1:] == [NEVER_BOUGHT, NEVER_BOUGHT, NEVER_BOUGHT, -1, -1]
        for other in found.keys() - {tea, mug}
    )
    assert features[:, CUSTOMER:] == pytest.approx(
        np.tile(np.array([3, 4 / 3, 0.5, 2, 10, 10 / 15], np.float32), (len(items), 1))
    )


@pytest.mark.parametrize("trees", [Trees.none(), Trees.of([Split(2, 0.0, -0.5, 0.5)])])
def test_several_customers_are_precomputed_as_each_alone(trees: Trees) -> None:
    table = replace(BUNDLE.tables.next_basket, trees=trees)
    customers = np.flatnonzero(np.diff(table.pasts.offsets))
    sizes, rows = precompute(table, customers, TODAY)
    alone = [
        score_candidates(table, table.pasts.of(one), table.peers.of(one), TODAY).best(64)
        for one in customers.tolist()
    ]
    assert sizes.tolist() == [len(each.items) for each in alone]
    for together, parts in zip(rows, zip(*alone, strict=True), strict=True):
        assert together.tolist() == np.concatenate(parts).tolist()
