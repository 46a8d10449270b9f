from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.context.request import PLACEMENTS, Request
from recommender.model.availability import Availability
from recommender.placements import SOURCE_MIXES, fixed_weights
from recommender.recommend import Recommender
from training.measure.compare import Case
from training.run.source_weights import (
    FILL,
    Votes,
    alone,
    better,
    choose,
    fit_blends,
    learn,
    ndcg,
    votes_of,
    worth,
)
from training.settings import TrainingSettings

from bundles import NOW, item, small_bundle

CART = PLACEMENTS.index("cart")


def votes(seed: int, *skills: float, n: int = 200, width: int = 30) -> Votes:
    """One wanted product a case; a source of skill 1 has it first, one of skill 0 knows nothing."""
    rng = np.random.default_rng(seed)
    wanted = np.eye(width, dtype=np.bool_)[rng.integers(width, size=n)]
    said = [rng.random((n, width)) + skill * wanted for skill in skills]
    return Votes(np.array([*said, np.zeros((n, width))], np.float32), wanted, np.ones(n))


def test_ndcg_by_hand():
    said = np.zeros((3, 1, 12), np.float32)
    said[0, 0, :3] = 0.2, 0.9, 1.0
    said[1, 0, 0] = 1.0
    said[2, 0, 5] = 1.0  # fills up
    wanted = np.isin(np.arange(12), [0, 5])[None]
    asked = Votes(said, wanted, np.array([1 + 1 / np.log2(3)]))
    gain = {rank: 1 / np.log2(rank + 1) for rank in (1, 2, 3, 4)}
    ideal = gain[1] + gain[2]
    assert ndcg([1, 0], asked) == pytest.approx((gain[3] + gain[4]) / ideal)
    assert ndcg([0, 1], asked) == pytest.approx((gain[1] + gain[2]) / ideal)
    assert FILL < 1e-3


def test_a_source_that_knows_nothing_falls_silent():
    weights = learn(votes(1, 0.5, 0.0), np.array([1, 1], np.float32))
    assert weights.tolist() == [1, 0]


def test_better_is_more_than_so_many_standard_errors():
    gain, nothing = np.array([1.0, 0, 0, 0]), np.zeros(4)  # mean .25, standard error sqrt(3) / 8 = .217
    assert better(gain, nothing)
    assert not better(gain, nothing, errors=2)


def test_two_sources_that_know_different_things_are_both_heard():
    asked = votes(2, 0.4, 0.4)
    weights = learn(asked, np.array([1, 0], np.float32))
    assert weights.min() > 0.2
    assert ndcg(weights, asked).mean() > max(ndcg(one, asked).mean() for one in alone(2))


@given(st.integers(0, 1_000), st.lists(st.sampled_from([0.0, 0.2, 0.5]), min_size=2, max_size=4))
def test_never_worse_on_validation_than_the_best_source_alone(seed: int, skills: list[float]):
    learned_on, judged_on = (votes(seed + half, *skills, n=30, width=12) for half in (0, 1))
    fixed = np.linspace(1, 0.1, len(skills), dtype=np.float32)
    best = choose(learn(learned_on, fixed), fixed, judged_on)
    found = worth(best, fixed, judged_on)
    assert found["ndcg@10_full"] >= max(found["alone"])


def test_sources_vote_for_what_may_be_shown_their_best_counting_one():
    bundle = small_bundle()
    case = Case(Request("cart", NOW.timestamp(), cart=("kettle",)), np.array([item("spoon")], np.int32))
    asked = votes_of([case], SOURCE_MIXES["cart"], Recommender(bundle, Availability.of(bundle.tables)))
    assert sorted(asked.votes[0, 0].tolist(), reverse=True)[:3] == pytest.approx([1, 0.25, 0])
    assert asked.wanted.sum() == 1
    assert asked.votes[0, 0][asked.wanted[0]] == pytest.approx(0.25)
    assert np.array_equal(asked.votes[1], asked.votes[0])  # no trees
    assert asked.votes[2].max() == 0  # nobody's next basket
    assert asked.votes[-1].max() == 1  # best sellers


def cart_cases(n: int) -> dict[str, list[Case]]:
    """Ann always adds what her next basket foretells, not what goes with the mug."""
    ask = Request("cart", NOW.timestamp(), customer_id="ann", cart=("mug",), repeat_suppression_days=0)
    return {"cart": [Case(ask, np.array([item("tea")], np.int32))] * n}


def test_thin_data_keep_the_fixed_weights():
    weights, found = fit_blends(cart_cases(49), cart_cases(49), small_bundle(), TrainingSettings())
    assert np.array_equal(weights, fixed_weights())
    assert found == {}


def test_a_placement_learns_what_its_questions_tell():
    weights, found = fit_blends(cart_cases(50), cart_cases(60), small_bundle(), TrainingSettings())
    assert found["cart"]["cases"] == 60
    assert found["cart"]["ndcg@10_full"] == max(found["cart"]["alone"]) == 1
    assert weights[CART, : len(SOURCE_MIXES["cart"])].tolist() == pytest.approx(found["cart"]["weights"])
    others = np.arange(len(PLACEMENTS)) != CART
    assert np.array_equal(weights[others], fixed_weights()[others])
