import numpy as np
import pytest
from histories import history_of, list_products, order
from scipy.sparse import csr_matrix

from features.catalogue.products import load_products
from features.home import Home
from recommender.arrays.tables import Neighbours
from training.data.interactions import buyer_items
from training.data.neighbours import as_neighbours, one_of_each_group
from training.data.products import align
from training.models.product_kinds import Content, closest
from training.models.product_pages import kinds_go_together, page_neighbours, with_lent
from training.settings import TrainingSettings

TITLES = {
    "cup": "Regency cup",
    "new cup": "Royal regency cup",
    "tray": "Regency tray",
    "kettle": "Steel kettle",
    "odd": "Quilt",
}


def pages(home: Home) -> tuple[list[str], Neighbours, Neighbours]:
    """Four buyers of cup and tray, of kettle and others; nobody bought the new cup or the quilt."""
    list_products(home, TITLES)
    pairs = [order("cup", "tray", customer=f"c-{number}") for number in range(4)]
    history = history_of(home, *pairs, *(order("kettle", customer=f"k-{number}") for number in range(6)))
    products = align(load_products(home), history)
    content = Content.of(products.titles, products.category, products.brand)
    lists = page_neighbours(
        history,
        content,
        closest(content, products.price, kept=50),
        products.variant_group,
        buyer_items(history),
        TrainingSettings(),
    )
    return history.product_ids, *lists


def test_a_product_without_sales_has_similar_ones_and_their_complements(home: Home) -> None:
    ids, similar, complements = pages(home)
    new, cup = ids.index("new cup"), ids.index("cup")
    assert ids[similar.of(new).items[0]] == "cup"
    assert [ids[item] for item in complements.of(new).items] == ["tray"]
    assert complements.of(new).together.tolist() == [0]
    assert complements.of(new).weights == pytest.approx(complements.of(cup).weights)


def test_products_with_complements_of_their_own_keep_them_with_their_counts(home: Home) -> None:
    ids, _, complements = pages(home)
    assert [ids[item] for item in complements.of(ids.index("cup")).items] == ["tray"]
    assert complements.of(ids.index("cup")).together.tolist() == [4]


def test_a_product_like_no_other_borrows_nothing(home: Home) -> None:
    ids, _, complements = pages(home)
    assert len(complements.of(ids.index("odd")).items) == 0


def test_similar_are_of_one_kind_unless_there_is_no_other_of_it(home: Home) -> None:
    ids, similar, _ = pages(home)
    assert [ids[item] for item in similar.of(ids.index("cup")).items] == ["new cup"]
    assert [ids[item] for item in similar.of(ids.index("tray")).items] == ["cup", "new cup"]  # "regency"


def test_kinds_go_together_where_orders_hold_both_beyond_chance() -> None:
    together = [[1, 0, 1, 0, 0]] * 4 + [[0, 1, 1, 0, 0]]  # of two kinds of cup with trays
    orders = csr_matrix(np.array(together + [[0, 0, 0, 1, 1]] * 2 + [[0, 0, 0, 1, 0]] * 30, np.float32))
    pairs = csr_matrix(
        np.array([[0, 0, 1, 1, 0], [0, 0, 1, 0, 0], [0] * 5, [0, 0, 0, 0, 1], [0] * 5], np.float32)
    )
    kind = np.array([7, 7, 2, -1, -1], np.int32)
    assert kinds_go_together(pairs, kind, orders, 3).tolist() == [True, False, True, False]
    assert kinds_go_together(pairs, np.arange(5, dtype=np.int32), orders, 3).tolist() == [
        True,
        False,
        False,
        False,
    ]


def test_lenders_count_by_their_likeness_and_only_within_a_kind() -> None:
    nobody = csr_matrix(np.zeros((1, 6), np.float32))
    own = csr_matrix(
        np.array(
            [[0] * 6, [0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 2], [0, 0, 0, 0, 9, 0], [0] * 6, [0] * 6],
            np.float32,
        )
    )
    alike = csr_matrix(np.array([[0, 3, 1, 5, 0, 0]] + [[0] * 6] * 5, np.float32))
    kind = np.array([1, 1, 1, 2, 3, 4], np.int32)
    row = with_lent(as_neighbours(own, nobody), alike, kind).of(0)
    assert row.items.tolist() == [4, 5]
    assert row.weights.tolist() == [0.75, 0.5]


def test_of_variants_one_is_listed_and_never_another_of_the_product_itself() -> None:
    group = np.array([0, 0, 1, 1, -1, -1], np.int32)
    weights = csr_matrix(np.array([[0, 9, 3, 4, 1, 1], *[[0] * 6] * 4, [2, 2, 1, 0, 0, 0]], np.float32))
    kept = one_of_each_group(weights, group)
    assert kept[[0]].toarray().tolist() == [[0, 0, 0, 4, 1, 1]]
    assert kept[[5]].toarray().tolist() == [[2, 0, 1, 0, 0, 0]]
