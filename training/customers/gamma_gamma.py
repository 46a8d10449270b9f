"""Gamma-Gamma: the money of a customer's mean order (Fader and Hardie 2013)."""

import numpy as np
from scipy.special import gammaln

from recommender.arrays.dtypes import Float64s
from recommender.value.order_models import SpendModel
from training.customers.fit import FINELY, FITTED_CUSTOMERS, descend

SPEND_STARTS = ((6.0, 4.0, 0.4), (1.5, 2.5, 1.0), (20.0, 3.0, 0.1))  # p, q, and v in mean orders
BOUNDS = (-3.0, 12.0), (np.log(1.01), 12.0), (-12.0, 24.0)  # of the logarithms
FEWEST_SPENDERS = 10


def spend_likelihood(model: SpendModel, orders: Float64s, spend: Float64s) -> Float64s:
    """Of each customer's mean spend (money, > 0) over a number of orders. Fader and Hardie (2013), eq. 1a."""
    p, q, v = model
    count = p * orders
    return np.asarray(
        gammaln(count + q)
        - gammaln(count)
        - gammaln(q)
        + q * np.log(v)
        + (count - 1) * np.log(spend)
        + count * np.log(orders)
        - (count + q) * np.log(v + orders * spend)
    )


def fit_gamma_gamma(
    orders: Float64s, spend: Float64s, rng: np.random.Generator | None = None
) -> tuple[SpendModel, float]:
    """The likeliest model and its log-likelihood. orders >= 1; spend > 0; at least one customer."""
    rows = np.arange(len(orders))
    if len(rows) > FITTED_CUSTOMERS:
        rows = (rng or np.random.default_rng(0)).choice(rows, FITTED_CUSTOMERS, replace=False)
    unit = float(spend.mean())

    def loss(log_parameters: Float64s) -> float:
        with np.errstate(all="ignore"):
            value = -float(spend_likelihood(_model(log_parameters), orders[rows], spend[rows]).mean())
        return value if np.isfinite(value) else 1e9

    starts = (np.log([p, q, v * unit]) for p, q, v in SPEND_STARTS)
    descents = (descend(loss, start, FINELY, BOUNDS, steps=500) for start in starts)
    model = _model(min(descents, key=lambda each: each.loss).at)
    return model, float(spend_likelihood(model, orders, spend).sum())


def fit_or_guess_spend(orders: Float64s, spend: Float64s) -> SpendModel:
    """The likeliest model of the customers who paid. With too few of them: a model in which two orders of a
    customer weigh as much as the shop's mean."""
    paid = spend > 0
    if paid.sum() >= FEWEST_SPENDERS and spend[paid].std() > 0:
        model = fit_gamma_gamma(orders[paid], spend[paid])[0]
        if np.isfinite(model).all():
            return model
    mean = float(spend[paid].mean()) if paid.any() else 0.0
    return SpendModel(p=1.0, q=3.0, v=2.0 * mean)


def _model(log_parameters: Float64s) -> SpendModel:
    return SpendModel(*np.exp(log_parameters).tolist())
