"""What an order brings: Gamma-Gamma's mean of each customer, between their own mean and the shop's."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from recommender.order_models import Floats


class SpendModel(NamedTuple):
    """Orders of a customer ~ Gamma(p, nu), nu ~ Gamma(q, v) across customers; v in money."""

    p: float
    q: float
    v: float

    @property
    def shop_mean(self) -> float:
        """Money an order, of a customer of whom nothing is known."""
        return self.p * self.v / (self.q - 1)


def expected_spend(model: SpendModel, orders: Floats, spend: Floats) -> Floats:
    """Money of the next order. orders: how many; spend: their mean. Fader and Hardie (2013), eq. 5."""
    own = model.p * orders / (model.p * orders + model.q - 1)
    return np.asarray((1 - own) * model.shop_mean + own * spend)
