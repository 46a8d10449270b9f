from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from histories import history_of, order

from features.home import Home
from recommender.context.request import Request, Situation
from recommender.kernels.cart import SHARE_OF_LARGEST
from recommender.kernels.trees import Trees
from recommender.sources.cart import completion, head_of, ranked
from training.measure.compare import Case
from training.models.cart_ranking import FEWEST, fit_cart_trees, lists_of
from training.models.next_basket import with_precomputed
from training.run.cases import cart_training_cases
from training.settings import TrainingSettings

from bundles import NOW, TODAY, item, small_bundle


def cart_of_ann(wanted: str) -> Case:
    request = Request("cart", NOW.timestamp(), customer_id="ann", cart=("kettle",), rest_days=0)
    return Case(request, np.array([item(wanted)], np.int32))


def test_a_list_holds_what_may_complete_the_cart() -> None:
    lists = lists_of([cart_of_ann("spoon"), cart_of_ann("cup")], small_bundle())
    assert lists.n_lists == 1  # no cup is proposed: nothing to learn
    assert lists.wanted.sum() == 1
    assert lists.rows[:, SHARE_OF_LARGEST].max() == pytest.approx(1)


def test_few_carts_teach_nothing_and_the_sums_stand() -> None:
    bundle = small_bundle()
    assert len(fit_cart_trees(lists_of([cart_of_ann("spoon")] * (FEWEST - 1), bundle), seed=1)) == 0
    situation = Situation(cart_of_ann("spoon").request, bundle)
    assert ranked(situation).scores.tolist() == completion(situation).scores.tolist()


def test_what_is_always_wanted_comes_first_with_its_own_reason() -> None:
    bundle = small_bundle()
    situation = Situation(cart_of_ann("spoon").request, bundle)
    head = head_of(situation)
    assert head is not None
    assert head.features[:, SHARE_OF_LARGEST].argmax() == head.items.tolist().index(
        item("tea")
    )  # by the sums
    half = lists_of([cart_of_ann("spoon")] * (FEWEST // 2), bundle)
    trees = fit_cart_trees(half.joined(half), seed=1)
    taught = replace(bundle, tables=replace(bundle.tables, cart_trees=trees))
    candidates = ranked(Situation(situation.request, taught))
    best = int(candidates.scores.argmax())
    assert (candidates.items[best], candidates.anchors[best], candidates.counts[best]) == (
        item("spoon"),
        item("kettle"),
        4,
    )


def test_a_next_basket_worked_out_beforehand_says_the_same() -> None:
    bundle = small_bundle()
    precomputed = with_precomputed(bundle.tables.next_basket, TODAY)
    prepared = replace(bundle, tables=replace(bundle.tables, next_basket=precomputed))
    lists = [lists_of([cart_of_ann("spoon")], each) for each in (bundle, prepared)]
    assert np.array_equal(lists[0].rows, lists[1].rows)


def test_without_known_orders_the_sums_stand() -> None:
    bundle = small_bundle()
    trees = Trees.of([1.0])
    taught = replace(bundle, tables=replace(bundle.tables, cart_trees=trees))
    situation = Situation(Request("cart", NOW.timestamp(), cart=("kettle",)), taught)
    assert ranked(situation).scores.tolist() == completion(situation).scores.tolist()


def test_lessons_are_known_customers_carts_that_judge_nothing(tmp_path: Path) -> None:
    history = history_of(
        Home(tmp_path),
        *(order("a", "b", "c", customer="ann", days_ago=ago) for ago in (9, 5, 1)),
        order("a", "b", "c", customer="eve", days_ago=5),
        order("a", "b", days_ago=5),
        order("a", customer="bob", days_ago=5),
    )
    then = NOW.timestamp() - 5 * 86_400
    learning, judging = (
        [Case(Request("cart", then, customer_id=name), np.zeros(1, np.int32))] for name in ("ann", "eve")
    )
    settings = TrainingSettings(cart_lessons=2)
    lessons = cart_training_cases(history, then - 86_400, learning, judging, settings)
    assert len(lessons) == 2
    for lesson in lessons:
        request = lesson.request
        assert (request.customer_id, request.now) == ("ann", then)
        assert {*request.cart, history.product_ids[int(lesson.truth[0])]} == {"a", "b", "c"}
