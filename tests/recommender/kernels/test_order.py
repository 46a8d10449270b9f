import numpy as np

from recommender.kernels.order import MOST_ALIKE, write_alike


def test_an_order_stands_for_the_nearest_of_its_kind() -> None:
    n = MOST_ALIKE + 2
    partners = np.arange(1, n + 1, dtype=np.int32)  # of product 0 alone
    offsets = np.array([0, *[n] * (n + 1)], np.int64)
    similar = offsets, partners, np.ones(n, np.float32), partners
    category = np.zeros(n + 1, np.int32)
    category[3] = 1
    rows = np.empty(2 * (1 + MOST_ALIKE), np.int32)

    written = rows[: write_alike(np.array([0, 5], np.int32), similar, category, rows)]

    assert written.tolist() == [0, 5, 1, 2, *range(4, MOST_ALIKE + 1)]
