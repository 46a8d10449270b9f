from pathlib import Path

import numpy as np
import pytest
from histories import history_of, order

from features.catalogue.products import load_products
from features.home import Home
from training.models.discovery import PRIOR_ORDERS, DiscoveryTuning, rise, with_boost, with_lists
from training.run.pipeline import build
from training.settings import TrainingSettings

SETTINGS = TrainingSettings(als_factors=4, als_iterations=3)


def orders_of_two_tastes() -> list[object]:
    """Customers of even numbers buy a, b and c, the others x, y and z; each lacks one of the three."""
    tastes = ("abc", "xyz")
    return [
        order(*(tastes[n % 2][:i] + tastes[n % 2][i + 1 :]), customer=f"c{n:02}", days_ago=n)
        for n in range(40)
        for i in [n // 2 % 3]
    ]


def test_a_list_holds_what_is_missing_of_a_taste(tmp_path: Path) -> None:
    history = history_of(Home(tmp_path), *orders_of_two_tastes())  # type: ignore[arg-type]
    tables, index = build(history, load_products(Home(tmp_path)), SETTINGS)
    assert not len(tables.discovery.items)
    tables = with_lists(tables, index)
    for customer in range(40):
        missing = "abcxyz"[3 * (customer % 2) + customer // 2 % 3]
        row = tables.discovery.of(customer)
        assert history.product_ids[row.items[0]] == missing
        assert not np.isin(row.items, tables.purchases.of(customer).items).any()


def test_the_index_holds_the_boost(tmp_path: Path) -> None:
    history = history_of(Home(tmp_path), *orders_of_two_tastes())  # type: ignore[arg-type]
    tables, _ = build(history, load_products(Home(tmp_path)), SETTINGS)
    tables, index = with_boost(tables, history, DiscoveryTuning((0.0, 1.0, 0.0), exponent=2.0))
    assert tables.discovery.mix.tolist() == [0, 1, 0]
    assert tables.discovery.boost == pytest.approx(rise(history) ** 2, rel=1e-5)
    expected = tables.factors.items * tables.discovery.boost[:, None]
    assert index.reconstruct_n(0, index.ntotal) == pytest.approx(expected, rel=1e-5)


def test_a_rise_is_what_sells_now_over_what_is_usual(tmp_path: Path) -> None:
    old = [order("steady", days_ago=day) for day in range(0, 300, 3)]
    history = history_of(Home(tmp_path), *old, *(order("fresh", days_ago=day / 4) for day in range(40)))
    fresh, steady = rise(history)
    assert fresh > 1 > steady > 0
    few = history_of(Home(tmp_path / "few"), order("a", days_ago=0), order("b", days_ago=100))
    assert PRIOR_ORDERS == 1.0
    assert np.abs(rise(few) - 1).max() < 0.5  # an order says little
