"""Pareto/NBD: a customer may leave at any time (Schmittlein, Morrison and Colombo 1987)."""

import numpy as np
from scipy.special import gammaln

from recommender.arrays.dtypes import Float64s
from recommender.value.order_models import OrderModel, OrderSummary, pareto_left_odds


def log_likelihood(model: OrderModel, summary: OrderSummary) -> Float64s:
    """Of each customer: what it is to order so and stay, times 1 + the odds of having left.

    Fader and Hardie (2005), eq. 17; the integral of the odds replaces their hypergeometric functions.
    """
    count = model.r + summary.frequency
    orders = gammaln(count) - gammaln(model.r) + model.r * np.log(model.alpha)
    staying = model.a * (np.log(model.b) - np.log(model.b + summary.age))
    odds = pareto_left_odds(model, summary)
    return np.asarray(orders + staying - count * np.log(model.alpha + summary.age) + np.log1p(odds))
