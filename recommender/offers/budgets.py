"""What a unit of money from each budget must bring, so that it lasts for those who are still to come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.offers.catalogue import Budget, Catalogue
from recommender.offers.eligibility import OfferContext
from recommender.offers.incremental_margin import OfferModel
from recommender.validity import is_active

Numbers = NDArray[np.float64]
ROUNDS, HALVINGS, TOP = 20, 40, 1e4


def prices(worth: Numbers, cost: Numbers, drawn_on: NDArray[np.bool_], amounts: Numbers) -> Numbers:
    """(n_budgets) lambda >= 0: each customer takes argmax_o v_uo - lambda_o c_o, or nothing.

    worth, cost: (n_customers, n_offers), of the customers to come; drawn_on: (n_budgets, n_offers), offers
    may draw on several budgets; amounts: (n_budgets). lambda_o is the sum over an offer's budgets. Each
    price in turn is the smallest that keeps its budget (bisection), until none moves.
    """
    found = np.zeros(len(amounts))
    for _ in range(ROUNDS):
        before = found.copy()
        for budget in range(len(amounts)):
            found[budget] = _price(budget, found, worth, cost, drawn_on, amounts)
        if np.allclose(found, before, atol=1e-6):
            break
    return found


def choices(worth: Numbers, cost: Numbers, lambdas: Numbers) -> NDArray[np.int64]:
    """(n_customers): the offer taken at these prices, (n_offers) each; -1 for none."""
    net = worth - lambdas * cost
    best = net.argmax(axis=1)
    return np.asarray(np.where(net[np.arange(len(net)), best] > 0, best, -1))


def spent(chosen: NDArray[np.int64], cost: Numbers, drawn_on: NDArray[np.bool_]) -> Numbers:
    """(n_budgets): what the choices take from each; an offer charges each of its budgets once."""
    given = np.zeros(cost.shape[1])
    taken = chosen >= 0
    np.add.at(given, chosen[taken], cost[np.flatnonzero(taken), chosen[taken]])
    return np.asarray(drawn_on @ given)


def _price(
    budget: int, found: Numbers, worth: Numbers, cost: Numbers, drawn_on: NDArray[np.bool_], amounts: Numbers
) -> float:
    def fits(price: float) -> bool:
        trial = found.copy()
        trial[budget] = price
        given = spent(choices(worth, cost, trial @ drawn_on), cost, drawn_on)
        return bool(given[budget] <= amounts[budget])

    if fits(0.0):
        return 0.0
    low, high = 0.0, TOP
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


OPEN_DAYS = 90.0
"""How long a budget without an end is to last."""


class Traffic(NamedTuple):
    """Customers like those to come; daily: decisions a day."""

    asked: Sequence[OfferContext]
    daily: float


def budget_prices(
    catalogue: Catalogue, model: OfferModel, traffic: Traffic, spent: Mapping[str, float], now: datetime
) -> dict[str, float]:
    """Budget -> lambda, 0 where the money is enough for all whom it pays for. Budgets not open are left out.

    Each customer of the traffic stands for as many decisions as are expected until a budget closes.
    """
    budgets = [each for each in catalogue.budgets if is_active(each, now)]
    offers = [offer for offer in catalogue.offers if is_active(offer, now)]
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


def traffic_of(told: NDArray[np.float64], names: Sequence[str], daily: float) -> Traffic:
    """told: (n, k + 2), features and chances by `names`, then basket and margin."""
    asked = [
        OfferContext(
            customer_id="",
            features=dict(zip(names, row[:-2], strict=True)),
            basket=row[-2],
            margin=row[-1],
        )
        for row in told.tolist()
    ]
    return Traffic(asked, daily)
