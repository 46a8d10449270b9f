import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.live.shopper_state import ShopperState
from recommender.context.request import Request
from recommender.model.availability import Availability
from recommender.placements import MIXES, SOURCE_MIXES, fixed_weights
from recommender.recommend import Recommender
from training.measure.compare import Case
from training.run.source_weights import (
    ENOUGH_CASES,
    FILL_WEIGHT,
    SourceScores,
    choose,
    fit_source_weights,
    learn,
    least_weights,
    ndcg,
    scores_of,
    source_figures,
)
from training.settings import TrainingSettings

from bundles import NOW, item, small_bundle

NO_LEAST = np.zeros(2, np.float32)
CART = MIXES.index("cart")


def random_scores(seed: int, *skills: float, n: int = 200, width: int = 30) -> SourceScores:
    """One wanted product a case; a source of skill 1 has it first, one of skill 0 knows nothing."""
    rng = np.random.default_rng(seed)
    wanted = np.eye(width, dtype=np.bool_)[rng.integers(width, size=n)]
    scores = [rng.random((n, width)) + skill * wanted for skill in skills]
    return SourceScores(np.array([*scores, np.zeros((n, width))], np.float32), wanted, np.ones(n))


def test_ndcg_by_hand() -> None:
    scores = np.zeros((3, 1, 12), np.float32)
    scores[0, 0, :3] = 0.2, 0.9, 1.0
    scores[1, 0, 0] = 1.0
    scores[2, 0, 5] = 1.0  # fills up
    wanted = np.isin(np.arange(12), [0, 5])[None]
    source_scores = SourceScores(scores, wanted, np.array([1 + 1 / np.log2(3)]))
    gain = {rank: 1 / np.log2(rank + 1) for rank in (1, 2, 3, 4)}
    ideal = gain[1] + gain[2]
    assert ndcg([1, 0], source_scores) == pytest.approx((gain[3] + gain[4]) / ideal)
    assert ndcg([0, 1], source_scores) == pytest.approx((gain[1] + gain[2]) / ideal)
    assert FILL_WEIGHT < 1e-3


def test_a_source_that_knows_nothing_falls_silent() -> None:
    weights = learn(random_scores(1, 0.5, 0.0), np.array([1, 1], np.float32), NO_LEAST)
    assert weights.tolist() == [1, 0]


def test_two_sources_that_know_different_things_are_both_heard() -> None:
    source_scores = random_scores(2, 0.4, 0.4)
    weights = learn(source_scores, np.array([1, 0], np.float32), NO_LEAST)
    assert weights.min() > 0.2
    assert ndcg(weights, source_scores).mean() > max(ndcg(one, source_scores).mean() for one in np.eye(2))


def test_a_source_of_live_signals_keeps_its_weight_while_no_case_has_any() -> None:
    home, ask = SOURCE_MIXES["home"], Request("home", NOW.timestamp(), customer_id="ann", repeats=0.0)
    looking = msgspec.structs.replace(ask, shopper=ShopperState(viewed=("kettle",)))
    orders, visits = ([Case(each, np.array([0], np.int32))] * ENOUGH_CASES for each in (ask, looking))
    least = least_weights(home, orders)
    assert {source.name: weight > 0 for source, weight in zip(home, least, strict=True)}["discover"]
    assert not least_weights(home, visits).any()
    source_scores = random_scores(1, 0.5, 0.0)
    prior = np.array([0.0, 0.3], np.float32)
    learned = learn(source_scores, np.array([1, 0.3], np.float32), prior)
    assert learned.tolist() == pytest.approx([1, 0.3])
    chosen = choose(np.array([0.1, 1], np.float32), np.array([0.1, 1], np.float32), source_scores, prior)
    assert chosen.tolist() == pytest.approx([1, 0.3])


@settings(deadline=None)
@given(st.integers(0, 1_000), st.lists(st.sampled_from([0.0, 0.2, 0.5]), min_size=2, max_size=4))
def test_never_worse_on_validation_than_the_best_source_alone(seed: int, skills: list[float]) -> None:
    learned_on, judged_on = (random_scores(seed + half, *skills, n=30, width=12) for half in (0, 1))
    fixed = np.linspace(1, 0.1, len(skills), dtype=np.float32)
    least = np.zeros_like(fixed)
    best = choose(learn(learned_on, fixed, least), fixed, judged_on, least)
    figures = source_figures(best, fixed, judged_on)
    assert figures["ndcg@10_full"] >= max(figures["alone"])


def test_sources_vote_for_what_may_be_shown_their_best_counting_one() -> None:
    bundle = small_bundle()
    case = Case(Request("cart", NOW.timestamp(), cart=("kettle",)), np.array([item("spoon")], np.int32))
    source_scores = scores_of(
        [case], SOURCE_MIXES["cart"], Recommender(bundle, Availability.of(bundle.tables))
    )
    assert sorted(source_scores.scores[0, 0].tolist(), reverse=True)[:3] == pytest.approx([1, 0.25, 0])
    assert source_scores.wanted.sum() == 1
    assert source_scores.scores[0, 0][source_scores.wanted[0]] == pytest.approx(0.25)
    assert np.array_equal(source_scores.scores[1], source_scores.scores[0])  # no trees
    assert source_scores.scores[2].max() == 0  # nobody's next basket
    assert source_scores.scores[-1].max() == 1  # best sellers


def cart_cases(n: int) -> dict[str, list[Case]]:
    """Ann always adds what her next basket foretells, not what goes with the mug."""
    ask = Request("cart", NOW.timestamp(), customer_id="ann", cart=("mug",), rest_days=0)
    return {"cart": [Case(ask, np.array([item("tea")], np.int32))] * n}


def test_thin_data_keep_the_fixed_weights() -> None:
    weights, figures = fit_source_weights(cart_cases(49), cart_cases(49), small_bundle(), TrainingSettings())
    assert np.array_equal(weights, fixed_weights())
    assert figures == {}


def test_a_placement_learns_what_its_questions_tell() -> None:
    weights, figures = fit_source_weights(cart_cases(50), cart_cases(60), small_bundle(), TrainingSettings())
    assert figures["cart"]["cases"] == 60
    assert figures["cart"]["ndcg@10_full"] == max(figures["cart"]["alone"]) == 1
    assert weights[CART, : len(SOURCE_MIXES["cart"])].tolist() == pytest.approx(figures["cart"]["weights"])
    others = np.arange(len(MIXES)) != CART
    assert np.array_equal(weights[others], fixed_weights()[others])
