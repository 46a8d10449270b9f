from __future__ import annotations

import numpy as np
import pytest

from training.offers.learn import Responses, learn


def responses(n: int, effects: tuple[float, float], keen: float = 0.0, seed: int = 0) -> Responses:
    """Margin 10 an order, ordered by 20 %; offers add their effect, the first `keen` more by feature."""
    rng = np.random.default_rng(seed)
    feature, arm = rng.normal(size=(n, 1)), rng.integers(-1, 2, size=n)
    ordered = 1.0 * (rng.random(n) < 0.2)
    brought = np.select([arm == 0, arm == 1], [effects[0] + keen * feature[:, 0], effects[1]], 0.0)
    return Responses(feature, arm, 10 * ordered + brought + rng.normal(size=n), ordered)


def test_what_offers_bring_is_found_with_honest_doubt() -> None:
    model = learn(
        responses(6_000, (1.0, -0.5), keen=0.8), ["ten", "five"], ["keen"], np.random.default_rng(1)
    )
    mean, spread = model.worlds.mean(axis=0), model.worlds.std(axis=0)
    assert model.arms == ("ten", "five")
    assert mean[:, 0] == pytest.approx([1.0, -0.5], abs=0.4)
    assert mean[0, 1] == pytest.approx(0.8, abs=0.4)
    assert spread[:, 0] == pytest.approx([0.13, 0.13], abs=0.06)  # sqrt(17 / 2,000 x 2)
    assert model.order_chance == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize(
    ("n", "effects", "keen", "stage"),
    [
        (400, (1.0, 0.0), 0.0, "thin"),  # too few of each arm
        (1_500, (0.5, 0.5), 0.0, "thin"),  # nobody knows which is better
        (8_000, (1.5, 0.0), 0.0, "single"),
        (8_000, (0.5, 0.3), 3.0, "personal"),
    ],
)
def test_a_stage_is_earned(n: int, effects: tuple[float, float], keen: float, stage: str) -> None:
    model = learn(responses(n, effects, keen), ["ten", "five"], ["keen"], np.random.default_rng(1))
    assert model.stage == stage


def test_an_arm_that_nobody_got_is_left_out() -> None:
    seen = responses(2_000, (1.0, 0.0))
    model = learn(seen, ["ten", "five", "gift"], ["keen"], np.random.default_rng(1))
    assert model.arms == ("ten", "five")
    assert len(seen.then(seen).arm) == 4_000
