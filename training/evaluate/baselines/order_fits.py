"""The order models as the literature fits them: by maximum likelihood alone, on all customers of a day."""

import numpy as np

from recommender.arrays.dtypes import Float64s
from recommender.value.order_models import BG_NBD, MBG_NBD, NAMES, NBD, PARETO_NBD
from training.customers.fit import fit_order_model
from training.customers.gamma_gamma import fit_gamma_gamma
from training.customers.rfm import OrderDays, Rfm, summarise

FEWEST_TO_FIT = 10


def plain_fits(days: OrderDays, cut: int) -> dict[str, str]:
    """Parameters and log-likelihood by model; Gamma-Gamma on the repeat orders of those who have any."""
    rfm = summarise(days.before(cut + 1), cut)
    if np.count_nonzero(rfm.summary.frequency) < FEWEST_TO_FIT:
        return {}
    fits = {}
    for kind, names in ((BG_NBD, "r alpha a b"), (MBG_NBD, "r alpha a b"), (PARETO_NBD, "r alpha s beta")):
        model, log_likelihood = fit_order_model(kind, rfm.summary)
        if model.kind == NBD:
            fits[f"{NAMES[kind]} fit"] = "nobody is seen leaving: NBD instead"
        else:
            fits[f"{NAMES[kind]} fit"] = _as_text(names, model[1:], log_likelihood)
    orders, spend = repeat_spend(days, rfm)
    if len(orders) >= FEWEST_TO_FIT:
        fits["Gamma-Gamma fit"] = _as_text("p q v", *fit_gamma_gamma(orders, spend))
    return fits


def repeat_spend(days: OrderDays, rfm: Rfm) -> tuple[Float64s, Float64s]:
    """(orders, mean spend) of repeat order days, of customers whose repeat orders brought anything."""
    first = np.zeros(int(days.customer.max()) + 1)
    starts = np.flatnonzero(np.diff(days.customer, prepend=-1))
    first[days.customer[starts]] = days.revenue[starts]
    repeats = rfm.summary.frequency
    spend = (rfm.revenue - first[rfm.customer]) / np.maximum(repeats, 1)
    paid = (repeats > 0) & (spend > 1e-6)
    return repeats[paid], spend[paid]


def _as_text(names: str, parameters: tuple[float, ...], log_likelihood: float) -> str:
    values = ", ".join(f"{name} {value:.4f}" for name, value in zip(names.split(), parameters, strict=True))
    return f"{values}, log-likelihood {log_likelihood:.2f}"
