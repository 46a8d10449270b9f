"""Sets grown from pairs, and what their prices bring.

Covers recommender/product_sets/set_pricing.py, too.
"""

from math import exp

import numpy as np
import pytest

from recommender.product_sets.product_sets import CoPurchases, Evidence, product_sets, with_evidence
from recommender.product_sets.set_pricing import DISCOUNTS, SetPart, margin_gain, price_set

STRONG, WEAK = Evidence(9, 4.0, 0.6), Evidence(5, 2.0, 0.2)


def sold(
    pairs: dict[tuple[int, int], Evidence], n: int = 6, category: list[int] | None = None
) -> CoPurchases:
    categories = np.arange(n) if category is None else np.array(category)
    return CoPurchases(pairs, np.full(n, 100), np.full(n, 0.4), categories)


def test_a_set_grows_while_every_pair_in_it_holds() -> None:
    triangle = {(0, 1): STRONG, (0, 2): STRONG, (1, 2): STRONG}
    assert [each.items for each in product_sets(sold(triangle), 5)] == [(0, 1, 2)]
    chain = {(0, 1): STRONG, (1, 2): STRONG}
    assert [each.items for each in product_sets(sold(chain), 5)] == [(0, 1)]  # 2 would need to go with 0


@pytest.mark.parametrize("bad", [Evidence(2, 4.0, 0.9), Evidence(9, 1.0, 0.9)])
def test_few_orders_or_chance_make_no_set(bad: Evidence) -> None:
    assert product_sets(sold({(0, 1): bad}), 5) == []
    assert with_evidence(sold({(0, 1): bad}), (0, 1)).together == 0


def test_at_most_four_and_no_product_twice() -> None:
    everything = {(i, j): STRONG for i in range(6) for j in range(i + 1, 6)}
    assert [each.items for each in product_sets(sold(everything), 5)] == [(0, 1, 2, 3), (4, 5)]
    sets = product_sets(sold({(0, 1): STRONG, (2, 3): WEAK, (0, 3): WEAK}), 5)
    assert [(each.items, each.together, each.lift) for each in sets] == [((0, 1), 9, 4.0), ((2, 3), 5, 2.0)]


def test_a_second_of_its_kind_or_a_weak_one_dilutes_a_set() -> None:
    with_third = {(0, 1): STRONG, (0, 2): WEAK, (1, 2): WEAK}
    assert product_sets(sold(with_third, category=[0, 1, 1, 2, 3, 4]), 1)[0].items == (0, 1)


def test_what_the_merchant_forbids_is_kept_apart() -> None:
    pairs = {(0, 1): STRONG, (0, 2): STRONG, (1, 2): STRONG}
    assert product_sets(sold(pairs), 1, {2})[0].items == (0, 1)
    assert product_sets(sold(pairs), 1, {(0, 1)})[0].items == (0, 2)


def test_a_discount_pays_where_the_rest_carries_it() -> None:
    rich = [SetPart(10.0, 8.0, 500), SetPart(20.0, 4.0, 100)]
    price = price_set(rich, together=50)
    assert price.discount > 0.03
    by_hand = 50 * (exp(3 * price.discount) - 1) * (16 - 30 * price.discount) - 50 * 30 * price.discount
    assert price.expected_margin_gain == pytest.approx(by_hand, abs=0.01)
    assert all(margin_gain(rich, 50, d, 3.0) <= by_hand + 1e-9 for d in DISCOUNTS)
    assert price.price == pytest.approx(30 * (1 - price.discount))
    assert price.attach == pytest.approx(0.1)
    assert price.needed_attach > 0.1


def test_no_discount_where_its_buyers_would_take_both_anyway() -> None:
    poor = [SetPart(20.0, 10.0, 500), SetPart(10.0, 8.0, 100)]
    price = price_set(poor, together=50)
    assert (price.discount, price.expected_margin_gain, price.bought_anyway) == (0.0, 0.0, 1.0)
    attached_by_all = price_set([SetPart(10.0, 8.0, 50), SetPart(20.0, 4.0, 50)], together=50)
    assert attached_by_all.discount == 0.0


def test_what_buyers_of_the_main_product_take_anyway_is_no_gain() -> None:
    """Of 450 who buy the kettle without the whole set, 225 take the tea with it: an extra set sells them only
    half of the tea's margin, on average, and all of the mug's."""
    kettle, tea, mug = SetPart(10.0, 8.0, 500), SetPart(20.0, 4.0, 400, 275), SetPart(8.0, 2.0, 100, 50)
    more = 50 * (exp(0.3) - 1)
    assert margin_gain([kettle, tea, mug], 50, 0.1, 3.0) == pytest.approx(
        more * (16 / 2 + 6 - 3.8) - 50 * 3.8
    )


def test_discounts_are_those_that_a_shop_would_advertise() -> None:
    """Round, and 5 % at least: what would only carry 3 % is sold as a set without a discount."""
    for cost in np.linspace(0.0, 20.0, 41):
        price = price_set([SetPart(10.0, 8.0, 500), SetPart(20.0, float(cost), 100)], together=50)
        assert price.discount == 0 or price.discount in {0.05, 0.1, 0.15, 0.2, 0.25, 0.3}
        assert price.expected_margin_gain >= 0


def test_the_minimum_margin_is_kept_and_an_unknown_cost_gets_no_discount() -> None:
    parts = [SetPart(10.0, 8.0, 500), SetPart(20.0, 4.0, 100)]
    tight = price_set(parts, together=50, minimum_margin=0.55)
    assert 0 < tight.discount < price_set(parts, together=50).discount
    assert tight.price - 12 >= 0.55 * tight.price
    assert price_set([SetPart(10.0, None, 500), parts[1]], together=50).discount == 0.0
    assert price_set([SetPart(0.0, 0.0, 0), SetPart(0.0, 0.0, 0)], together=0).price == 0.0
