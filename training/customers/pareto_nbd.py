"""Pareto/NBD: a customer may leave at any time (Schmittlein, Morrison and Colombo 1987)."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from recommender.arrays.dtypes import Float64s
from recommender.value.order_models import OrderModel, Summary, pareto_left_odds


def log_likelihood(model: OrderModel, seen: Summary) -> Float64s:
    """Of each customer: what it is to order so and stay, times 1 + the odds of having left.

    Fader and Hardie (2005), eq. 17; the integral of the odds replaces their hypergeometric functions.
    """
    count = model.r + seen.frequency
    orders = gammaln(count) - gammaln(model.r) + model.r * np.log(model.alpha)
    stays = model.a * (np.log(model.b) - np.log(model.b + seen.age))
    odds = pareto_left_odds(model, seen)
    return np.asarray(orders + stays - count * np.log(model.alpha + seen.age) + np.log1p(odds))
