"""What a unit of money from each budget must bring, so that it lasts for those who are still to come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.budgets import prices
from recommender.offer_catalogue import Budget, Catalogue, Offer
from recommender.offer_eligibility import Asked
from recommender.offer_model import OfferModel

OPEN_DAYS = 90.0
"""How long a budget without an end is to last."""


class Traffic(NamedTuple):
    """Customers like those to come; daily: decisions a day."""

    asked: Sequence[Asked]
    daily: float


def budget_prices(
    catalogue: Catalogue, model: OfferModel, traffic: Traffic, spent: Mapping[str, float], now: datetime
) -> dict[str, float]:
    """Budget -> lambda, 0 where the money is enough for all whom it pays for. Budgets not open are left out.

    Each customer of the traffic stands for as many decisions as are expected until a budget closes.
    """
    budgets = [each for each in catalogue.budgets if _is_open(each, now)]
    offers = [offer for offer in catalogue.offers if _runs(offer, now)]
    if not (budgets and offers and traffic.asked and traffic.daily > 0):
        return {}
    worth = np.stack([model.worth(offers, each).mean(axis=0) for each in traffic.asked])
    cost = np.array([[offer.costs(each.basket) for offer in offers] for each in traffic.asked])
    drawn_on = np.array([[each.id in offer.budgets for offer in offers] for each in budgets])
    amounts = np.array([_share(each, traffic, spent, now) for each in budgets])
    found = prices(worth, cost, drawn_on, amounts)
    return {each.id: float(price) for each, price in zip(budgets, found, strict=True)}


def _share(budget: Budget, traffic: Traffic, spent: Mapping[str, float], now: datetime) -> float:
    """Money that is left for the customers of the traffic."""
    days = (budget.until - now) / timedelta(days=1) if budget.until else OPEN_DAYS
    left = max(budget.amount - spent.get(budget.id, 0.0), 0.0)
    return left * len(traffic.asked) / max(traffic.daily * days, 1.0)


def _is_open(budget: Budget, now: datetime) -> bool:
    return (budget.from_ is None or budget.from_ <= now) and (budget.until is None or now < budget.until)


def _runs(offer: Offer, now: datetime) -> bool:
    return (offer.from_ is None or offer.from_ <= now) and (offer.until is None or now < offer.until)


def traffic_of(told: NDArray[np.float64], names: Sequence[str], daily: float) -> Traffic:
    """told: (n, k + 2), features and chances by `names`, then basket and margin."""
    asked = [
        Asked(
            customer_id="",
            features=dict(zip(names, row[:-2], strict=True)),
            basket=row[-2],
            margin=row[-1],
        )
        for row in told.tolist()
    ]
    return Traffic(asked, daily)
