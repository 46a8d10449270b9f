"""Sets out of a small shop's orders, by hand."""

import numpy as np
from sales import sale, shop_of

from features.catalogue.products import load_products
from features.home import Home
from recommender.arrays.tables import SetTable
from recommender.model.bundle import flatten, unflatten
from training.data.history import load_history
from training.models.sets import fit_sets

GOODS = {name: {"category": name, "price": 10.0, "cost": 5.0} for name in ("cup", "jam", "mug", "pot", "tea")}


def fitted(
    home: Home, *orders: tuple[str, ...], days: tuple[str, ...] = ("06-01",)
) -> tuple[SetTable, list[str]]:
    """Each order holds these products; the days are used in turn."""
    events = [
        sale(f"o-{n}", f"c-{n}", days[n % len(days)], *[(name, 1, 10.0) for name in names])
        for n, names in enumerate(orders)
    ]
    shop_of(home, events, **GOODS)
    catalogue = load_products(home)
    history = load_history(home, catalogue)
    return fit_sets(history, catalogue), history.product_ids


def named(table: SetTable, names: list[str]) -> dict[tuple[str, ...], int]:
    rows = ([names[item] for item in row if item >= 0] for row in table.items.tolist())
    return dict(zip(map(tuple, rows), table.support.tolist(), strict=True))


def test_sets_with_their_evidence(home: Home) -> None:
    orders = [*[("pot", "cup", "tea")] * 4, *[("pot", "cup")] * 2, *[("mug",)] * 6, ("mug", "jam"), ("jam",)]
    table, names = fitted(home, *orders)
    sets = named(table, names)
    assert sets == {
        ("cup", "pot", "tea"): 4,
        ("cup", "pot"): 6,
        ("cup", "tea"): 4,
        ("pot", "tea"): 4,
    }
    pot, cup, tea, jam = (names.index(name) for name in ("pot", "cup", "tea", "jam"))
    assert table.pair(pot, cup) == (6, float(np.float32(6 * 14 / (6 * 6))))
    assert table.pair(tea, pot) == (4, float(np.float32(4 * 14 / (4 * 6))))
    assert table.pair(jam, names.index("mug")) == (0, 0.0)  # once is chance
    assert table.orders[[pot, tea, jam]].tolist() == [6, 4, 2]
    largest = list(sets).index(("cup", "pot", "tea"))
    assert largest == 0
    assert table.lift[0] == np.float32(14 / 6)  # of its weakest pair


def test_three_pairs_without_an_order_of_all_three_make_no_set_of_three(home: Home) -> None:
    pairs = [("pot", "cup"), ("cup", "tea"), ("tea", "pot")]
    table, names = fitted(home, *pairs * 5, *[("mug",)] * 20)
    assert set(named(table, names)) == {("cup", "pot"), ("cup", "tea"), ("pot", "tea")}


def test_orders_of_more_than_a_year_ago_say_nothing(home: Home) -> None:
    table, _ = fitted(home, *[("pot", "cup"), ("mug",)] * 5, days=("2025-05-01", "2026-06-01"))
    assert (len(table.items), table.orders.sum()) == (0, 5)


def test_it_goes_through_a_bundle_unchanged_even_if_empty(home: Home) -> None:
    table, _ = fitted(home, ("pot",))
    again = unflatten(SetTable, dict(flatten(table)))
    assert again.items.shape == (0, 4)
    assert again.pair(0, 1) == (0, 0.0)
