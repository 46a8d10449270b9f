"""Order models against published figures, closed forms in other words, and numerical integration."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import hyp2f1 as exact_hyp2f1

from recommender.value.order_models import (
    BG_NBD,
    MBG_NBD,
    NBD,
    PARETO_NBD,
    OrderModel,
    OrderSummary,
    expected_orders,
    hyp2f1,
    p_alive,
    pareto_left_odds,
)

CDNOW = {
    BG_NBD: OrderModel(BG_NBD, 0.2426, 4.4135, 0.7929, 2.4258),
    MBG_NBD: OrderModel(MBG_NBD, 0.5248, 6.183, 0.8914, 1.614),
    PARETO_NBD: OrderModel(PARETO_NBD, 0.5533, 10.578, 0.6062, 11.668),
    NBD: OrderModel(NBD, 0.3848, 12.072, 0.0, 0.0),
}
SEEN = OrderSummary(np.array([0.0, 2.0, 7.0]), np.array([0.0, 30.43, 20.0]), np.array([38.86, 38.86, 30.0]))


def test_bg_nbd_expects_what_fader_hardie_and_lee_published() -> None:
    expected = expected_orders(CDNOW[BG_NBD], OrderSummary.of(2, 30.43, 38.86), 39)
    assert expected[0] == pytest.approx(1.226, abs=5e-4)


def test_nbd_is_its_formula() -> None:
    assert expected_orders(OrderModel(NBD, 1.0, 3.0, 0.0, 0.0), OrderSummary.of(2, 1, 7), 5)[
        0
    ] == pytest.approx((1 + 2) / (3 + 7) * 5)
    assert p_alive(CDNOW[NBD], SEEN).tolist() == [1, 1, 1]


def test_who_ordered_once_has_not_left_by_bg_nbd_but_may_have_by_mbg_nbd() -> None:
    assert p_alive(CDNOW[BG_NBD], SEEN)[0] == 1
    odds = 0.8914 / 1.614 * ((6.183 + 38.86) / 6.183) ** 0.5248
    assert p_alive(CDNOW[MBG_NBD], SEEN)[0] == pytest.approx(1 / (1 + odds))


@pytest.mark.parametrize(
    ("alpha", "s", "beta"), [(10.578, 0.6062, 11.668), (50, 0.6, 1), (1, 0.6, 80), (3, 2, 3)]
)
@pytest.mark.parametrize(("x", "recency", "age"), [(0, 0, 38), (2, 30.43, 38.86), (60, 35, 38)])
def test_odds_of_having_left_are_the_integral(
    alpha: float, s: float, beta: float, x: float, recency: float, age: float
) -> None:
    def height(y: float) -> float:
        rise = ((alpha + age) / (alpha + y)) ** (0.55 + x) * (beta + age) ** s
        return float(s * rise / (beta + y) ** (s + 1))

    exact = quad(height, recency, age, epsrel=1e-10, limit=200)[0]
    found = pareto_left_odds(OrderModel(PARETO_NBD, 0.55, alpha, s, beta), OrderSummary.of(x, recency, age))
    assert found[0] == pytest.approx(exact, rel=1e-5)


@pytest.mark.parametrize("kind", [BG_NBD, MBG_NBD, PARETO_NBD])
def test_expected_orders_are_the_chances_of_one_more_added_up(kind: int) -> None:
    """Alive customers' orders drawn by lot from the model's own story come to the same mean."""
    model, weeks, rng = CDNOW[kind], 26.0, np.random.default_rng(1)
    x, recency, age = 3.0, 25.0, 30.0
    rate = rng.gamma(model.r + x, 1 / (model.alpha + age), 400_000)
    if kind == PARETO_NBD:
        leaving = rng.gamma(model.a, 1 / (model.b + age), len(rate))
        orders = rng.poisson(rate * np.minimum(rng.exponential(1 / leaving), weeks))
    else:
        chance = rng.beta(model.a, model.b + x + (kind == MBG_NBD), len(rate))
        orders = np.minimum(rng.poisson(rate * weeks), rng.geometric(chance))
    seen = OrderSummary.of(x, recency, age)
    alive = expected_orders(model, seen, weeks)[0] / p_alive(model, seen)[0]
    assert alive == pytest.approx(orders.mean(), rel=0.01)


@pytest.mark.parametrize("kind", [BG_NBD, MBG_NBD, PARETO_NBD])
def test_longer_times_bring_more_orders_and_longer_silence_fewer(kind: int) -> None:
    model = CDNOW[kind]
    assert np.all(expected_orders(model, SEEN, 4) < expected_orders(model, SEEN, 12))
    silent = OrderSummary(SEEN.frequency, SEEN.recency, SEEN.age + 20)
    assert np.all(expected_orders(model, silent, 12) < expected_orders(model, SEEN, 12))


def test_hundreds_of_orders_stay_finite() -> None:
    seen = OrderSummary(np.array([400.0, 400.0]), np.array([104.0, 10.0]), np.array([104.0, 104.0]))
    for model in CDNOW.values():
        assert np.isfinite(expected_orders(model, seen, 52)).all()
    assert p_alive(CDNOW[PARETO_NBD], seen).round(3).tolist() == [1.0, 0.0]


def test_hyp2f1_agrees_with_scipy() -> None:
    z = np.array([0.0, 0.3, 0.9, 0.95])
    assert hyp2f1(1.3, -0.2, 3.1, z) == pytest.approx(exact_hyp2f1(1.3, -0.2, 3.1, z), rel=1e-10)
