import numpy as np
import pytest

from training.offers.learn import Responses, learn_offers

ARMS, FEATURES = ["ten", "five", "gift"], ["keen", "has_cart"]


def responses(
    n: int, lifts: tuple[float, float], keen: float = 0.0, size: float = 1.0, seed: int = 0
) -> Responses:
    """A fifth of active customers order anyway, and half of all are inactive; an order of 20 leaves a margin
    of 10, offers cost 2 and 1. lifts: of the active ones for both arms, the first `keen` higher for each unit
    of the feature; orders that the first arm brings leave `size` x 10."""
    rng = np.random.default_rng(seed)
    keenness, arm = rng.normal(size=n), rng.integers(-1, 2, size=n)
    stays = np.where(rng.random(n) < 0.5, 1.0, 0.0)
    anyway = 0.2 * stays
    lift = stays * np.select([arm == 0, arm == 1], [lifts[0] + keen * keenness, lifts[1]], 0.0)
    came, brought = rng.random(n) < anyway, rng.random(n) < lift
    ordered = (came | brought).astype(np.float64)
    cost = np.select([arm == 0, arm == 1], [2.0, 1.0], 0.0)
    gross = rng.gamma(4, 2.5, size=n) * ordered * np.where(brought & ~came & (arm == 0), size, 1.0)
    features = np.stack([keenness, np.zeros(n)], axis=1)
    basket, expected, paid = np.full(n, 20.0), np.full(n, 10.0), ordered * cost
    return Responses(features, arm, stays, anyway, basket, expected, cost, ordered, paid, gross - paid)


def test_what_offers_bring_is_found_with_honest_doubt() -> None:
    model = learn_offers(responses(12_000, (0.1, 0.03), keen=0.05), ARMS, FEATURES, np.random.default_rng(1))
    lift = model.response[:, None] * np.array([0.1, 0.05]) + model.worlds[:, :, 0]
    assert model.arms == ("ten", "five")
    assert lift.mean(axis=0) == pytest.approx([0.08, 0.024], abs=0.02)  # of those who would not have come
    assert 0.004 < lift.std(axis=0)[0] < 0.015  # of 2,000 a side who stay: sqrt(.2 x 2 / 2,000), and a prior
    assert model.worlds[:, 0, 1].mean() == pytest.approx(0.035, abs=0.015)
    assert abs(model.worlds[:, 1, 1].mean()) < 0.012
    assert model.used == pytest.approx([1.0, 1.0])
    assert model.average.mean(axis=0) == pytest.approx([0.5 * (0.08 * 8 - 0.2 * 2), 0.0], abs=0.1)


def test_small_orders_of_those_who_came_for_the_offer_count_as_small() -> None:
    for size in (0.5, 1.0):
        model = learn_offers(
            responses(24_000, (0.1, 0.0), size=size), ARMS, FEATURES, np.random.default_rng(1)
        )
        assert model.size[:, 0].mean() == pytest.approx(size, abs=0.2)
        assert 0.02 < model.size[:, 0].std() < 0.15


@pytest.mark.parametrize(
    ("n", "lifts", "keen", "stage"),
    [
        (400, (0.3, 0.0), 0.0, "thin"),  # too few of each arm
        (1_500, (0.1, 0.1), 0.0, "thin"),  # nobody knows which is better
        (12_000, (0.3, 0.0), 0.0, "single"),
        (24_000, (0.1, 0.15), 0.3, "personal"),
    ],
)
def test_a_stage_is_earned(n: int, lifts: tuple[float, float], keen: float, stage: str) -> None:
    assert learn_offers(responses(n, lifts, keen), ARMS, FEATURES, np.random.default_rng(1)).stage == stage


def test_an_arm_that_nobody_got_is_left_out_and_none_at_all_teach_nothing() -> None:
    logged = responses(2_000, (0.1, 0.0))
    assert learn_offers(logged, ARMS, FEATURES, np.random.default_rng(1)).arms == ("ten", "five")
    assert len(logged.then(logged).arm) == 4_000
    alone = learn_offers(logged.where(logged.arm < 0), ARMS, FEATURES, np.random.default_rng(1))
    assert (alone.arms, alone.stage, alone.average.shape) == ((), "thin", (200, 0))
