"""What one answer hides, the next one may show."""

from __future__ import annotations

import numpy as np

from recommender.eligibility import Eligible
from recommender.recommend import Recommender
from recommender.request import Request
from recommender.shelf import Shelf

from bundles import NOW, small_bundle


def test_a_lent_mask_comes_back_as_it_was() -> None:
    before = np.array([True, False, True, True])
    mask = before.copy()
    eligible = Eligible(mask, before)
    eligible.hide([0, 1])
    eligible.hide([0, 3])
    assert mask.tolist() == [False, False, True, False]
    eligible.give_back()
    assert mask.tolist() == before.tolist()


def test_answers_leave_no_trace_in_one_another() -> None:
    bundle = small_bundle()
    recommender = Recommender(bundle, Shelf.of(bundle.tables))
    plain = Request("trending", NOW.timestamp())
    first = recommender.recommend(plain, 8)
    recommender.recommend(Request("trending", NOW.timestamp(), exclude=("tin", "pot", "mug")), 8)
    recommender.recommend(Request("trending", NOW.timestamp(), max_price=6.0), 8)
    assert recommender.recommend(plain, 8) == first
