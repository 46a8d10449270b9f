"""What next-basket training learns from."""

from dataclasses import replace

import numpy as np
import polars as pl

from recommender.kernels.trees import Trees
from training.models.next_basket import NextBasketModel, last_baskets

from bundles import small_tables


def test_last_baskets_part_from_what_came_before() -> None:
    days = pl.DataFrame({"customer": [0, 0, 0, 1], "item": [4, 4, 5, 6], "day": [1, 3, 3, 2]})
    early, wanted = last_baskets(days)
    assert early.rows() == [(0, 4, 1), (1, 6, 2)]  # an only basket has nothing before it
    assert wanted.rows() == [(0, 4, 3), (0, 5, 3)]


def test_what_a_rehearsal_learned_is_kept_and_nothing_is_learned_from_too_little() -> None:
    trees = Trees.of([1.0])
    table = replace(small_tables().next_basket, blend=np.array([0.5, 0.25], np.float32), trees=trees)
    learned = NextBasketModel.of(table)
    assert learned is not None
    assert (learned.blend.decay, learned.blend.own_share) == (0.5, 0.25)
    assert learned.trees is trees
    assert NextBasketModel.of(replace(table, trees=Trees.none())) is None
