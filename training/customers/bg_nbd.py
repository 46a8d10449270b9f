"""BG/NBD: a customer may leave after every repeat order (Fader, Hardie and Lee 2005)."""

import numpy as np
from scipy.special import betaln, gammaln

from recommender.arrays.dtypes import Float64s
from recommender.value.order_models import BG_NBD, OrderModel, OrderSummary, posterior_b


def log_likelihood(model: OrderModel, summary: OrderSummary) -> Float64s:
    """(n) of each customer, by BG/NBD, or by MBG/NBD, where customers may leave after the first order too.

    Gamma(r + x) alpha^r / Gamma(r) * B(a, b') / B(a, b)
    * ((alpha + T)^-(r + x) + a / (b' - 1) (alpha + t_x)^-(r + x)), b' = b + x, and one more in MBG/NBD.
    """
    x, recency, age = summary
    count, b = model.r + x, posterior_b(model, summary.frequency)
    orders = gammaln(count) - gammaln(model.r) + model.r * np.log(model.alpha)
    staying = betaln(model.a, b) - betaln(model.a, model.b)
    alive = -count * np.log(model.alpha + age)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.log(model.a / (b - 1)) - count * np.log(model.alpha + recency)
        alive_or_left = np.logaddexp(alive, left)
    cannot_have_left = (model.kind == BG_NBD) & (x == 0)
    return np.asarray(orders + staying + np.where(cannot_have_left, alive, alive_or_left))
