"""Products new to the customer. Covers recommender/model/discovery_table.py, too."""

from dataclasses import replace

import numpy as np
import pytest

from features.live.shopper_state import Purchase, ShopperState
from recommender.arrays.tables import VariantGroups
from recommender.context.request import Request, Situation
from recommender.model.bundle import Bundle
from recommender.model.discovery_table import Discovery, DiscoveryRow
from recommender.sources.discover import discover, history_parts, new_to

from bundles import NOW, PRODUCTS, item, small_bundle

NOTHING = ShopperState()


def scores_of(
    bundle: Bundle, customer: str | None = None, shopper: ShopperState = NOTHING
) -> dict[str, float]:
    """Product -> the sum of its scores."""
    situation = Situation(Request("home", NOW.timestamp(), shopper, customer_id=customer), bundle)
    found, scores = discover(situation), dict[str, float]()
    for product, score in zip(found.items.tolist(), found.scores.tolist(), strict=True):
        scores[PRODUCTS[product]] = scores.get(PRODUCTS[product], 0.0) + score
    return scores


def with_list(customer_rows: dict[int, DiscoveryRow]) -> Bundle:
    """The small bundle with these lists, as if training had made them."""
    bundle = small_bundle()
    rows = [customer_rows.get(row, DiscoveryRow(*_nothing())) for row in range(2)]
    offsets = np.cumsum([0, *(len(row.items) for row in rows)]).astype(np.int64)
    items, scores = (np.concatenate(column) for column in zip(*rows, strict=True))
    discovery = replace(bundle.tables.discovery, offsets=offsets, items=items, scores=scores)
    return replace(bundle, tables=replace(bundle.tables, discovery=discovery))


def _nothing() -> tuple[np.ndarray, np.ndarray]:
    return np.empty(0, np.int32), np.empty(0, np.float32)


LISTED = DiscoveryRow(np.array([item("spoon"), item("tin")], np.int32), np.array([1.0, 0.5], np.float32))


def test_the_list_of_training_is_the_answer_while_nothing_happens() -> None:
    assert scores_of(with_list({0: LISTED}), "ann") == {"spoon": 1.0, "tin": 0.5}


def test_a_customer_whom_training_left_out_gets_what_it_would_have_listed() -> None:
    bundle = small_bundle()
    row = new_to(bundle.tables, bundle.index, 0)
    listed = {PRODUCTS[i]: score for i, score in zip(row.items.tolist(), row.scores.tolist(), strict=True)}
    assert scores_of(bundle, "ann") == pytest.approx(listed)
    assert listed.keys().isdisjoint({"tea", "mug"})
    assert row.scores[0] == 1.0
    assert (np.diff(row.scores) <= 0).all()


def test_a_strangers_views_are_a_taste() -> None:
    assert scores_of(small_bundle()) == {}
    after_mug = scores_of(small_bundle(), shopper=ShopperState(viewed=("mug",)))
    assert "spoon" in after_mug  # goes with a mug
    assert "mug" not in after_mug


def test_views_change_the_answer_for_a_customer_with_a_list() -> None:
    bundle = with_list({0: LISTED})
    viewed = scores_of(bundle, "ann", ShopperState(viewed=("kettle",)))
    assert viewed["spoon"] > 1.0
    assert viewed.keys().isdisjoint({"tea", "mug", "kettle"})  # ann's own, and what is looked at


def test_what_was_bought_today_is_no_news() -> None:
    at_ms = int(NOW.timestamp() * 1000)
    bought = ShopperState(purchases=(Purchase("o-1", at_ms, at_ms, ("spoon",), (1.0,)),))
    assert "spoon" not in scores_of(with_list({0: LISTED}), "ann", bought)


def test_another_size_of_what_was_bought_is_no_news() -> None:
    bundle = small_bundle()
    group = np.full(len(PRODUCTS), -1, np.int32)
    group[[item("mug"), item("spoon")]] = 0
    groups = VariantGroups.of(group, bundle.tables.product.buyers)
    nothing = Discovery.none(len(PRODUCTS), 2)
    tables = replace(bundle.tables, variant_groups=groups, discovery=nothing)
    assert "spoon" in scores_of(bundle, "ann")
    assert "spoon" not in scores_of(replace(bundle, tables=tables), "ann")


def test_what_sells_faster_than_it_used_to_comes_first() -> None:
    bundle = small_bundle()
    boost = np.ones(len(PRODUCTS), np.float32)
    boost[item("spoon")] = 10.0
    discovery = replace(bundle.tables.discovery, boost=boost, mix=np.array([0, 1, 0], np.float32))
    tables = replace(bundle.tables, discovery=discovery)
    before, after = (
        history_parts(each, bundle.index, 1)[1].scores.tolist() for each in (bundle.tables, tables)
    )
    assert after == pytest.approx([before[0], 10 * before[1]])  # of tea and spoon, beside a kettle
    assert PRODUCTS[new_to(tables, bundle.index, 1).items[0]] == "spoon"


def test_an_answer_is_computed_once_until_something_happens() -> None:
    bundle, views = small_bundle(), ShopperState(viewed=("mug",))
    scores_of(bundle, "ann", views)
    scores_of(bundle, None, views)  # a stranger with the same views
    scores_of(bundle, "ann", ShopperState(viewed=("tin", "mug")))
    assert len(bundle.tables.discovery.computed) == 3  # ann's list and two sets of views


def test_nothing_is_known_of_nobody() -> None:
    nothing = Discovery.none(3, 2)
    assert [len(nothing.of(row).items) for row in (-1, 0, 1)] == [0, 0, 0]
    assert nothing.boost.tolist() == [1, 1, 1]
