"""What to do next: the segments by what is expected of them, and what runs out for many."""

from datetime import timedelta

import numpy as np
import pytest
from sales import AS_OF, sale, shop_of
from small_customers import small_reorder

from features.home import Home
from recommender.value.reorder_timing import due
from recommender.value.segments import SEGMENTS
from training.reports.next_steps import TO_WRITE_TO, due_by_product, next_steps_report

from bundles import PRODUCTS, TODAY


def test_segments_by_what_is_expected_of_them(home: Home) -> None:
    events = [sale(f"o-{n}", f"c-{n}", "06-20") for n in range(5)]
    events += [
        sale(f"p-{n}-{k}", f"d-{n}", (AS_OF - timedelta(days=k)).isoformat())
        for n in range(5)
        for k in (100, 70)
    ]
    (part,) = next_steps_report(home, shop_of(home, events)).parts
    (segments,) = part.tables  # no model, so nothing is known of what runs out
    assert {row[0] for row in segments.rows} <= set(TO_WRITE_TO) <= {each.name for each in SEGMENTS}
    worth = [float(row[2] or 0) for row in segments.rows]
    assert worth == sorted(worth, reverse=True)
    assert sum(int(row[1] or 0) for row in segments.rows) == 10
    assert all(row[3] for row in segments.rows)


def test_products_whose_next_purchase_is_near() -> None:
    reorder = small_reorder()
    days = due(reorder, reorder.habits, TODAY)
    near = (days.day >= TODAY - 7) & (days.day <= TODAY + 14) & (days.chance >= 0.05)
    assert 0 < near.sum() < len(near)
    customers, orders = due_by_product(reorder, len(PRODUCTS), TODAY)
    assert customers.sum() == near.sum()
    assert orders.sum() == pytest.approx(days.chance[near].sum())
    assert set(np.flatnonzero(customers)) == set(reorder.item[near])


def test_a_shop_without_orders_has_nothing_to_do(home: Home) -> None:
    (part,) = next_steps_report(home, shop_of(home, [])).parts
    assert part.tables == []
