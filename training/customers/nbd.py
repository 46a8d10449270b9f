"""NBD: nobody leaves (Ehrenberg 1959). What is left where the data cannot tell who left."""

import numpy as np
from scipy.special import gammaln

from recommender.arrays.dtypes import Float64s
from recommender.value.order_models import OrderModel, OrderSummary


def log_likelihood(model: OrderModel, summary: OrderSummary) -> Float64s:
    """Of each customer: Gamma(r + x) / Gamma(r) alpha^r / (alpha + T)^(r + x)."""
    count = model.r + summary.frequency
    return np.asarray(
        gammaln(count)
        - gammaln(model.r)
        + model.r * np.log(model.alpha)
        - count * np.log(model.alpha + summary.age)
    )
