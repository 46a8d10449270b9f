"""Forecasts of customers who are unlike the rest of a shop, a wholesaler say: from their own history."""

import numpy as np

from recommender.arrays.dtypes import Float64s
from recommender.value.order_models import PARETO_NBD, OrderModel, OrderSummary, expected_orders, p_alive

OWN_MODEL = OrderModel(PARETO_NBD, 0.1, 0.1, 1.0, 260.0)
"""Hardly any belief about the rate; customers of such weight leave within some five years."""
MOST_EVIDENCE = 20.0  # order days: a daily customer's holiday of three weeks does not say that they left
SHORTEST_WEEKS = 13.0  # who is known for less counts as known for so long: a burst is no rhythm
SHOP_ORDERS = 2.0  # repeat orders at which a customer's own history counts half


def own_share(frequency: Float64s) -> Float64s:
    """How much of a customer's forecast stands on their own history, 0-1; the rest on the shop's model."""
    return np.asarray(frequency / (frequency + SHOP_ORDERS))


def own_summary(summary: OrderSummary) -> OrderSummary:
    """What `OWN_MODEL` takes: at most MOST_EVIDENCE order days, at least SHORTEST_WEEKS of age.

    The time since the last order stays.
    """
    frequency, recency, age = summary
    longer = np.maximum(SHORTEST_WEEKS - age, 0.0)
    return OrderSummary(np.minimum(frequency, MOST_EVIDENCE), recency + longer, age + longer)


def own_orders(summary: OrderSummary, weeks: Float64s | float) -> Float64s:
    """Orders within the next weeks at the customer's own rate, for as long as they stay."""
    thinned = own_summary(summary)
    more = summary.frequency / np.maximum(thinned.frequency, 1.0)
    return np.asarray(expected_orders(OWN_MODEL, thinned, weeks) * more)


def own_p_alive(summary: OrderSummary) -> Float64s:
    """Chance that the customer has not left for good, by their own rhythm."""
    return p_alive(OWN_MODEL, own_summary(summary))
