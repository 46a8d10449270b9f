"""The likelihood of customers' orders under each kind of order model."""

import numpy as np
from scipy.special import betaln, gammaln

from recommender.arrays.dtypes import Float64s
from recommender.value.order_models import (
    BG_NBD,
    NBD,
    PARETO_NBD,
    OrderModel,
    OrderSummary,
    pareto_left_odds,
    posterior_b,
)


def log_likelihood(model: OrderModel, summary: OrderSummary) -> Float64s:
    """(n) of each customer: what it is to order so, times what it is to stay, or to have left since.

    NBD: nobody leaves (Ehrenberg 1959): Gamma(r + x) / Gamma(r) alpha^r / (alpha + T)^(r + x).
    Pareto/NBD: customers leave at any time (Fader and Hardie 2005, eq. 17; an integral of the odds of having
    left replaces their hypergeometric functions). BG/NBD: after a repeat order (Fader, Hardie and Lee 2005);
    MBG/NBD: after the first order too (Batislam et al. 2007). In both, with b' = b + x, and one more in MBG:
    Gamma(r + x) alpha^r / Gamma(r) * B(a, b') / B(a, b)
    * ((alpha + T)^-(r + x) + a / (b' - 1) (alpha + t_x)^-(r + x)).
    """
    count = model.r + summary.frequency
    orders = gammaln(count) - gammaln(model.r) + model.r * np.log(model.alpha)
    alive = -count * np.log(model.alpha + summary.age)
    if model.kind == NBD:
        return np.asarray(orders + alive)
    if model.kind == PARETO_NBD:
        staying = model.a * (np.log(model.b) - np.log(model.b + summary.age))
        return np.asarray(orders + staying + alive + np.log1p(pareto_left_odds(model, summary)))
    b = posterior_b(model, summary.frequency)
    staying = betaln(model.a, b) - betaln(model.a, model.b)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.log(model.a / (b - 1)) - count * np.log(model.alpha + summary.recency)
        alive_or_left = np.logaddexp(alive, left)
    cannot_have_left = (model.kind == BG_NBD) & (summary.frequency == 0)
    return np.asarray(orders + staying + np.where(cannot_have_left, alive, alive_or_left))
