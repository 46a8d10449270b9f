from math import inf, log

import numpy as np
import pytest

from training.pricing.discounts import break_even, discount
from training.pricing.response import (
    NOTHING_LEARNED,
    Elasticity,
    Weeks,
    elasticity,
    pooled,
    shrunk_elasticities,
    spread_between,
)


def weeks(value: float, seed: int = 0, n: int = 104, base: float = 30.0, on_sale: int = 26) -> Weeks:
    """Price 10, at times 8; season doubles all sales in the second half, when most of the sale is."""
    rng = np.random.default_rng(seed)
    price = np.full(n, 10.0)
    price[n - on_sale :] = 8.0
    shop = np.where(np.arange(n) < n // 2, 1_000.0, 2_000.0)
    return Weeks(price, rng.poisson(base * shop / 1_500 * (price / 10) ** value).astype(float), shop)


def test_the_planted_answer_is_found_and_the_season_is_not_taken_for_it() -> None:
    held = 0
    for seed in range(100):
        estimate = elasticity(weeks(-2.0, seed))
        held += estimate.interval[0] <= -2.0 <= estimate.interval[1]
        assert estimate.is_conclusive
    assert 88 <= held <= 100
    assert abs(elasticity(weeks(0.0)).value) < 0.5


def test_a_price_that_hardly_moved_teaches_nothing() -> None:
    still = weeks(-2.0, on_sale=0)
    assert elasticity(still) is NOTHING_LEARNED
    assert elasticity(still._replace(price=still.price * np.tile([1.0, 1.02], 52))) is NOTHING_LEARNED
    assert elasticity(Weeks(np.empty(0), np.empty(0), np.empty(0))) is NOTHING_LEARNED
    assert not NOTHING_LEARNED.is_conclusive


def test_shrinkage_by_hand() -> None:
    mean = pooled([Elasticity(-3.0, 1.0)], Elasticity(-1.0, 1.0), between=0.0)
    assert (mean.value, mean.error) == pytest.approx((-2.0, 0.5**0.5))
    assert spread_between([Elasticity(v, 0.1) for v in (-3.0, -2.0, -1.0)]) == pytest.approx(
        (1 - 0.01) ** 0.5
    )


def test_the_unknown_take_their_categorys_and_the_unsure_lean_towards_it() -> None:
    estimates = {f"tea-{n}": Elasticity(-2.0, 0.2) for n in range(5)} | {
        f"mug-{n}": Elasticity(-0.5, 0.2) for n in range(5)
    }
    estimates |= {"tea-new": NOTHING_LEARNED, "tea-rare": Elasticity(3.0, 4.0)}
    products, categories = shrunk_elasticities(estimates, {name: name[:3] for name in estimates})
    assert categories["tea"].value == pytest.approx(-1.9, abs=0.2)
    assert categories["mug"].value == pytest.approx(-0.6, abs=0.2)
    assert products["tea-new"].value == categories["tea"].value
    assert products["tea-new"].error > products["tea-0"].error
    assert -2.0 < products["tea-rare"].value < -1.0


def test_a_discount_earns_where_sales_answer_more_than_it_takes() -> None:
    even = break_even(usual=10.0, cost=5.0, depth=0.2)
    assert even == pytest.approx(log(5 / 3) / log(0.8))
    assert break_even(10.0, 9.0, 0.2) == -inf
    for value, verdict in ((-4.0, "earned"), (-1.0, "gave_away")):
        sold = weeks(value)
        result = discount(sold, 5.0, elasticity(sold))
        assert result is not None
        assert result.verdict == verdict
        assert (result.weeks, result.depth) == pytest.approx((26, 0.2))
        assert result.low <= result.gained <= result.high
    at_even = discount(weeks(even), 5.0, Elasticity(even, 0.3))
    assert at_even is not None
    assert at_even.gained == pytest.approx(0, abs=1e-6)
    assert "cannot tell" in at_even.text


def test_without_a_sale_or_a_cost_there_is_nothing_to_tell() -> None:
    assert discount(weeks(-2.0, on_sale=0), 5.0, NOTHING_LEARNED) is None
    result = discount(weeks(-2.0), None, elasticity(weeks(-2.0)))
    assert result is not None
    assert result.verdict == "cannot_tell"
    assert "cost is unknown" in result.text
