"""Fits against published parameters, and against the parameters that made the data."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from recommender.arrays.dtypes import Float64s
from recommender.value.order_models import BG_NBD, MBG_NBD, NBD, PARETO_NBD, OrderModel, OrderSummary
from training.customers.fit import cells, fit_order_model
from training.customers.gamma_gamma import fit_gamma_gamma, fit_or_guess_spend
from training.customers.likelihoods import log_likelihood

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "cdnow"
CDNOW = FOLDER / "cdnow_customers_summary_with_transactions.parquet"
with_cdnow = pytest.mark.skipif(not CDNOW.exists(), reason="needs the shared data")
PUBLISHED = {
    BG_NBD: ((0.2426, 4.4135, 0.7929, 2.4258), -9582.43),
    MBG_NBD: ((0.5248, 6.183, 0.8914, 1.614), -9582.13),
    PARETO_NBD: ((0.5533, 10.578, 0.6062, 11.668), -9594.97),
}


def shop(n: int, r: float, alpha: float, leaves: Float64s, seed: int = 0) -> OrderSummary:
    """Customers of 26 to 78 weeks; leaves: (n) weeks after the first order."""
    rng = np.random.default_rng(seed)
    age = rng.uniform(26, 78, n)
    stay = np.minimum(leaves, age)
    orders = rng.poisson(rng.gamma(r, 1 / alpha, n) * stay)
    last = np.where(orders > 0, stay * rng.uniform(size=n) ** (1 / np.maximum(orders, 1)), 0.0)
    return OrderSummary(orders.astype(np.float64), last, age)


@pytest.mark.shared_data
@with_cdnow
@pytest.mark.parametrize("kind", list(PUBLISHED))
def test_cdnow_as_published(kind: int) -> None:
    table = pl.read_parquet(CDNOW)
    summary = OrderSummary(*(table[name].cast(pl.Float64).to_numpy() for name in ("x", "t_x", "T")))
    fitted = fit_order_model(kind, summary)
    parameters, log_likelihood_published = PUBLISHED[kind]
    assert fitted.model[1:] == pytest.approx(parameters, abs=0.001)
    assert fitted.log_likelihood == pytest.approx(log_likelihood_published, abs=0.05)


@pytest.mark.shared_data
@with_cdnow
def test_cdnow_spend_as_published() -> None:
    table = pl.read_parquet(CDNOW).filter((pl.col("x") > 0) & (pl.col("zbar") > 0))
    orders, spend = (table[name].cast(pl.Float64).to_numpy() for name in ("x", "zbar"))
    model, value = fit_gamma_gamma(orders, spend)
    assert len(table) == 946
    assert model == pytest.approx((6.249, 3.745, 15.448), abs=0.001)
    assert value == pytest.approx(-4055.92, abs=0.05)


def test_pareto_nbd_finds_who_made_the_data() -> None:
    rng = np.random.default_rng(5)
    leaves = rng.exponential(1 / rng.gamma(1.2, 1 / 30, 3_000))
    model = fit_order_model(PARETO_NBD, shop(3_000, 0.8, 8.0, leaves)).model
    assert model.r / model.alpha == pytest.approx(0.1, rel=0.1)
    assert model.a / model.b == pytest.approx(0.04, rel=0.25)


@pytest.mark.parametrize("kind", [BG_NBD, MBG_NBD, PARETO_NBD])
def test_where_nobody_leaves_it_becomes_nbd(kind: int) -> None:
    model = fit_order_model(kind, shop(800, 4.0, 8.0, np.full(800, np.inf))).model
    assert model.kind == NBD
    assert model.r / model.alpha == pytest.approx(0.5, rel=0.05)


def test_one_customer_has_a_finite_model() -> None:
    for kind in (BG_NBD, MBG_NBD, PARETO_NBD, NBD):
        assert np.isfinite(fit_order_model(kind, OrderSummary.of(3, 10, 12), prior=1.0).model[1:]).all()


def test_log_likelihood_of_one_who_ordered_once() -> None:
    """BG/NBD: that no order came, (alpha / (alpha + T))^r; Pareto/NBD more: that they may have left."""
    summary = OrderSummary.of(0, 0, 20)
    bg = OrderModel(BG_NBD, 0.5, 5.0, 1.0, 2.0)
    assert np.exp(log_likelihood(bg, summary))[0] == pytest.approx((5 / 25) ** 0.5)
    pareto = bg._replace(kind=PARETO_NBD, a=1.0, b=10.0)
    assert log_likelihood(pareto, summary)[0] > np.log((5 / 25) ** 0.5 * 10 / 30)


def test_cells_count_equal_customers() -> None:
    distinct, counts = cells(
        OrderSummary(np.array([1.0, 0, 1]), np.array([2.0, 0, 2]), np.array([3.0, 3, 3]))
    )
    assert [tuple(row) for row in np.stack(distinct, axis=1)] == [(0, 0, 3), (1, 2, 3)]
    assert counts.tolist() == [1, 2]


def test_too_few_who_paid_are_drawn_to_their_mean() -> None:
    model = fit_or_guess_spend(np.ones(3), np.array([10.0, 0.0, 30.0]))
    assert model.shop_mean == pytest.approx(20)
    assert fit_or_guess_spend(np.ones(2), np.zeros(2)).shop_mean == 0
