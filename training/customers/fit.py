"""Maximum likelihood for the order models: several starts, logarithms of the parameters, guards."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from recommender.arrays.dtypes import Float64s
from recommender.value.order_models import BG_NBD, MBG_NBD, NBD, PARETO_NBD, OrderModel, OrderSummary
from training.customers.likelihoods import log_likelihood

ORDER_STARTS = {  # r, alpha in mean ages, a, b; b of Pareto/NBD in mean ages too
    BG_NBD: ((0.3, 0.2, 0.8, 2.5), (1.0, 1.0, 1.0, 5.0), (2.0, 0.3, 0.3, 3.0)),
    MBG_NBD: ((0.5, 0.2, 0.8, 1.5), (1.0, 1.0, 0.5, 3.0), (2.0, 0.3, 0.3, 3.0)),
    PARETO_NBD: ((0.5, 0.3, 0.6, 0.4), (1.0, 1.0, 1.0, 1.0), (2.0, 0.5, 0.4, 2.0)),
    NBD: ((0.5, 0.5), (2.0, 1.0)),
}
LARGEST_LOG = 16.0
LEAST_SHARE_LEAVING = 1e-3  # a / (a + b) after an order, or a / b a week: below it nobody leaves
FEW_CUSTOMERS, FITTED_CUSTOMERS = 1_500, 10_000  # fair samples: to try starts on, and to fit on
BROADLY, FINELY = 1e-7, 1e-13  # relative precision of the log-likelihood


class Fitted(NamedTuple):
    """A model and the log-likelihood of the customers it was fitted on (at most FITTED_CUSTOMERS)."""

    model: OrderModel
    log_likelihood: float


def fit_order_model(kind: int, seen: OrderSummary, prior: float = 0.0, seed: int = 0) -> Fitted:
    """The likeliest model of a kind. A kind that finds nobody leaving, or nothing finite, becomes NBD.

    prior: how many customers' worth of belief that rates and stays differ between customers as an
    exponential distribution does (r = a = 1): where the data hardly tell how much stays differ, a model that
    says "not at all" loses everybody in the long run. All starts are tried on a small sample; the best goes
    on from there on a large one.
    """
    rng = np.random.default_rng(seed)
    scale = max(float(seen.age.mean()), 1.0)
    trial = _loss(kind, fair_sample(seen, FEW_CUSTOMERS, rng), prior)
    starts = _starts(kind, scale)
    bounds = [(-LARGEST_LOG, LARGEST_LOG)] * len(starts[0])
    found = min((descend(trial, start, BROADLY, bounds) for start in starts), key=lambda each: each.loss)
    sample = fair_sample(seen, FITTED_CUSTOMERS, rng)
    model = _model(kind, descend(_loss(kind, sample, prior), found.at, FINELY, bounds).at)
    if kind != NBD and not loses_customers(model):
        return fit_order_model(NBD, seen, prior, seed)
    return Fitted(model, likelihood(sample, model))


def likelihood(seen: OrderSummary, model: OrderModel) -> float:
    """Logarithm of it."""
    return float(log_likelihood(model, seen).sum())


def _loss(kind: int, seen: OrderSummary, prior: float) -> Callable[[Float64s], float]:
    distinct, weights = cells(seen)

    def loss(log_parameters: Float64s) -> float:
        with np.errstate(all="ignore"):
            each = log_likelihood(_model(kind, log_parameters), distinct)
        doubt = prior * float(log_parameters[::2] @ log_parameters[::2]) / 2
        value = (doubt - float(weights @ each)) / weights.sum()
        return value if np.isfinite(value) else 1e9

    return loss


def _starts(kind: int, scale: float) -> list[Float64s]:
    units = (1.0, scale, 1.0, scale if kind == PARETO_NBD else 1.0)
    return [np.log(np.array(start) * units[: len(start)]) for start in ORDER_STARTS[kind]]


class Descent(NamedTuple):
    """Where a descent ended, and the loss there."""

    loss: float
    at: Float64s


def descend(
    loss: Callable[[Float64s], float],
    start: Float64s,
    precision: float,
    bounds: Sequence[tuple[float, float]],
    steps: int = 300,
) -> Descent:
    """To the nearest minimum, by L-BFGS-B; precision: relative, of the loss."""
    found = minimize(
        loss,
        start,
        method="L-BFGS-B",
        bounds=bounds,
        options={"ftol": precision, "gtol": 1e-8, "maxiter": steps},
    )
    return Descent(float(found.fun), np.asarray(found.x))


def _model(kind: int, log_parameters: Float64s) -> OrderModel:
    values = [*np.exp(log_parameters).tolist(), 0.0, 0.0]
    return OrderModel(kind, *values[:4])


def loses_customers(model: OrderModel) -> bool:
    """Finite, and customers do leave."""
    leaving = model.a / (model.b if model.kind == PARETO_NBD else model.a + model.b)
    return bool(np.isfinite(model[1:]).all() and np.isfinite(leaving) and leaving >= LEAST_SHARE_LEAVING)


def fair_sample(seen: OrderSummary, at_most: int, rng: np.random.Generator) -> OrderSummary:
    """All, or a fair sample of a large shop."""
    if len(seen.age) <= at_most:
        return seen
    return seen.where(rng.choice(len(seen.age), at_most, replace=False))


def cells(seen: OrderSummary) -> tuple[OrderSummary, Float64s]:
    """Each distinct summary once, and how many customers it stands for."""
    distinct, counts = np.unique(np.stack(seen, axis=1), axis=0, return_counts=True)
    return OrderSummary(*distinct.T), counts.astype(np.float64)
