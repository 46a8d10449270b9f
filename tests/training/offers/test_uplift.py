import numpy as np
import polars as pl
import pytest

from training.offers.design import Design
from training.offers.personal import LoggedTrials, fit_policy
from training.offers.uplift import Learner, response_model, ridge, s_learner, x_learner


def trial(seed: int = 0, n: int = 20_000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcome by the second feature; uplift .5 + the third."""
    rng = np.random.default_rng(seed)
    rows = np.c_[np.ones(n), rng.normal(size=(n, 2))]
    treated = rng.random(n) < 0.3
    return rows, treated, rows[:, 1] * 2 + treated * (0.5 + rows[:, 2]) + rng.normal(size=n)


@pytest.mark.parametrize("learner", [s_learner, x_learner])
def test_learners_find_the_planted_effect(learner: Learner) -> None:
    weights = learner(*trial())
    assert weights == pytest.approx([0.5, 0.0, 1.0], abs=0.2)


def test_a_response_model_takes_buyers_for_the_moved() -> None:
    weights = response_model(*trial())
    assert weights[1] > 1.5 > weights[2]


def test_the_ridge_leaves_the_mean_alone() -> None:
    rows = np.c_[np.ones(4), [-1.0, 1, -1, 1]]
    assert ridge(rows, np.array([1.0, 3, 1, 3]), strength=4.0) == pytest.approx([2.0, 0.5])


def test_text_becomes_levels_and_wide_numbers_get_their_logarithm() -> None:
    frame = pl.DataFrame(
        {"spent": [float(n) for n in range(20)], "town": ["a", "b"] * 10, "new": [0, 1] * 10}
    )
    rows = Design.of(frame).rows(frame)
    assert rows.shape == (20, 5)
    assert rows[:, 0].tolist() == [1.0] * 20
    assert rows[:, 1:].mean(axis=0) == pytest.approx(np.zeros(4), abs=1e-12)
    assert rows[:, 1:].std(axis=0) == pytest.approx(np.ones(4))


def policy_trials(effect: float) -> LoggedTrials:
    """Action 1 brings 1 +- effect, by the sign of the feature; action 0 nothing."""
    rng = np.random.default_rng(3)
    sign = rng.choice([-1.0, 1.0], 4_000)
    action = rng.integers(2, size=4_000)
    reward = action * (0.3 + effect * sign) + rng.normal(size=4_000)
    return LoggedTrials(np.c_[np.ones(4_000), sign], action, reward, np.full(4_000, 0.5))


@pytest.mark.parametrize(("effect", "personal"), [(0.0, False), (1.5, True)])
def test_the_personal_policy_serves_where_its_lower_bound_is_ahead(effect: float, personal: bool) -> None:
    policy = fit_policy(policy_trials(effect), 2, np.arange(4_000) % 5)
    assert policy.personal is personal
    assert policy.single == 1
    rows = np.array([[1.0, -1.0], [1.0, 1.0]])
    assert policy.choose(rows).tolist() == ([0, 1] if personal else [1, 1])
