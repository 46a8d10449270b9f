import numpy as np
from scipy.sparse import csr_matrix

from training.data.neighbours import (
    as_neighbours,
    bought_together,
    fill_empty_rows,
    inner_products,
    strongest,
)

BUYERS = csr_matrix(np.array([[1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 1, 0]], np.float32))


def rows(matrix: csr_matrix) -> list[list[tuple[int, float]]]:
    ends = zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True)
    return [
        [
            (int(item), round(float(weight), 3))
            for item, weight in zip(matrix.indices[a:b], matrix.data[a:b], strict=True)
        ]
        for a, b in ends
    ]


def test_strongest_keeps_the_largest_positive_weights_in_falling_order() -> None:
    weights = csr_matrix(np.array([[0.1, 0.5, 0.3, 0.5], [-1, 0, 2, 0], [0, 0, 0, 0]], np.float32))
    assert rows(strongest(weights, 3)) == [[(1, 0.5), (3, 0.5), (2, 0.3)], [(2, 2.0)], []]


def test_the_strongest_are_those_of_numpy_where_more_are_equal_than_may_stay() -> None:
    drawn = np.random.default_rng(3).integers(-2, 4, (40, 30)).astype(np.float32)
    kept = strongest(csr_matrix(drawn), 7)
    for row, all_of in enumerate(drawn):
        places = np.flatnonzero(all_of > 0)
        best = np.sort(places[np.argpartition(-all_of[places], 6)[:7]]) if len(places) > 7 else places
        best = best[np.argsort(-all_of[best], kind="stable")]
        assert kept.indices[kept.indptr[row] : kept.indptr[row + 1]].tolist() == best.tolist()


def test_signed_weights_count_by_their_size() -> None:
    weights = csr_matrix(np.array([[0.1, -0.5, 0.3]]))
    assert rows(strongest(weights, 2, signed=True)) == [[(1, -0.5), (2, 0.3)]]


def test_together_counts_the_buyers_of_both_and_may_be_nobody() -> None:
    pairs = csr_matrix(np.array([[0, 1, 1, 1], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], np.float32))
    assert bought_together(pairs, BUYERS).tolist() == [2, 2, 0, 2, 1, 0]


def test_blocks_give_what_the_whole_gives() -> None:
    items = BUYERS.T.tocsr()
    blocks = list(inner_products(items, block_cells=4))
    assert [start for start, _ in blocks] == [0, 1, 2, 3]
    whole = (items @ items.T).toarray().tolist()
    assert np.vstack([block.toarray() for _, block in blocks]).tolist() == whole
    pairs = csr_matrix(np.ones((4, 4), np.float32))
    assert bought_together(pairs, BUYERS).reshape(4, 4).tolist() == whole


def test_neighbours_of_a_product_come_with_their_counts() -> None:
    weights = strongest(csr_matrix(np.array([[0, 0.2, 0.7, 0]] + [[0] * 4] * 3, np.float32)), 5)
    row = as_neighbours(weights, BUYERS).of(0)
    assert row.items.tolist() == [2, 1]
    assert row.together.tolist() == [2, 2]


def test_pairs_with_too_few_buyers_are_left_out() -> None:
    weights = strongest(csr_matrix(np.array([[0] * 4, [0.5, 0, 0.9, 0], [0] * 4, [0] * 4], np.float32)), 5)
    table = as_neighbours(weights, BUYERS, at_least=2)
    assert table.of(1).items.tolist() == [0]
    assert table.of(1).together.tolist() == [2]
    assert table.offsets.tolist() == [0, 0, 1, 1, 1]


def test_empty_rows_take_those_of_the_other_table() -> None:
    own = csr_matrix(np.array([[0, 3, 0], [0, 0, 0], [0, 0, 0]], np.float32))
    other = csr_matrix(np.array([[0, 9, 9], [1, 0, 2], [0, 0, 0]], np.float32))
    assert rows(fill_empty_rows(own, other)) == [[(1, 3.0)], [(2, 2.0), (0, 1.0)], []]
