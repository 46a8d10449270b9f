"""What next-basket training learns from."""

from __future__ import annotations

import polars as pl

from training.next_basket import last_baskets


def test_last_baskets_part_from_what_came_before() -> None:
    days = pl.DataFrame({"customer": [0, 0, 0, 1], "item": [4, 4, 5, 6], "day": [1, 3, 3, 2]})
    early, wanted = last_baskets(days)
    assert early.rows() == [(0, 4, 1), (1, 6, 2)]  # an only basket has nothing before it
    assert wanted.rows() == [(0, 4, 3), (0, 5, 3)]
