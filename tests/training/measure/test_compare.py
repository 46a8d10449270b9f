import numpy as np
import pytest

from recommender.context.request import Request
from training.measure.compare import Case, compare, popularity, products_of, recommended, spread
from training.measure.metrics import Ranked

from bundles import NOW, item, small_bundle


def case(*truth: int) -> Case:
    return Case(Request("home", now=NOW.timestamp()), np.array(truth, np.int32))


def test_all_rankers_answer_the_same_cases_and_coverage_counts_what_they_show() -> None:
    rankers = {"right": lambda case, k: Ranked(case.truth[:k]), "wrong": lambda *_: Ranked(np.array([5]))}
    found = compare([case(1), case(2, 3), case(1)], rankers, ["hr@10", "ndcg@10_full"], n_items=6)
    assert found["right"]["ndcg@10_full"]["value"] == 1.0
    assert found["right"]["coverage@10"]["value"] == 0.5
    assert found["wrong"]["hr@10"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert found["right"]["ms"]["value"] > 0


def test_intervals_are_over_owners_so_ten_alike_looks_of_a_visit_tell_no_more_than_one() -> None:
    """Half of the visits are hits: sqrt(.25 / 40) = .079 is the error of 40 visits, whatever their length."""
    visits = [(visit, case(visit % 2)) for visit in range(40)]
    looks = [one._replace(owner=visit) for visit, one in visits for _ in range(10)]
    rankers = {"zero": lambda *_: Ranked(np.array([0], np.int32))}
    apart, alike, as_if_apart = (
        compare(cases, rankers, ["hr@1"], n_items=2)["zero"]["hr@1"]
        for cases in ([one for _, one in visits], looks, [look._replace(owner=-1) for look in looks])
    )
    assert alike["value"] == 0.5
    assert alike["high"] - alike["low"] == pytest.approx(2 * 1.96 * 0.079, rel=0.15)
    assert apart["high"] - apart["low"] == pytest.approx(2 * 1.96 * 0.079, rel=0.15)
    assert as_if_apart["high"] - as_if_apart["low"] < 0.5 * (alike["high"] - alike["low"])


def test_serving_and_popularity_answer_the_same_request() -> None:
    asked = Case(Request("cart", now=NOW.timestamp(), cart=("kettle",)), np.array([item("tea")], np.int32))
    bundle = small_bundle()
    assert recommended(bundle)(asked, 1).items.tolist() == [item("tea")]
    assert item("kettle") not in popularity(bundle)(asked, 3).items


def test_a_sample_of_cases_is_drawn_by_lot_and_in_order() -> None:
    chosen = [int(one.truth[0]) for one in spread(iter([case(n) for n in range(100)]), 20, seed=1)]
    assert len(chosen) == 20
    assert chosen == sorted(set(chosen))
    assert chosen != list(range(20))


def test_a_size_or_colour_is_as_right_as_another_of_its_product() -> None:
    group = np.array([-1, 0, 1, 0, -1], np.int32)
    product = products_of(group)
    assert product[1] == product[3]
    assert len(set(product.tolist())) == 4


def test_a_variant_counts_as_its_product_where_that_is_asked_for() -> None:
    group = np.array([0, 0, -1, -1], np.int32)
    rankers = {"other size": lambda *_: Ranked(np.array([1, 2], np.int32))}
    for product, value in ((None, 0.0), (products_of(group), 1.0)):
        found = compare([case(0)], rankers, ["hr@2"], n_items=4, product=product)
        assert found["other size"]["hr@2"]["value"] == value
        assert found["other size"]["coverage@2"]["value"] == 0.5
