"""Shadow prices of budgets: what a unit of money must bring, so that a budget lasts until it closes."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np

from recommender.arrays.dtypes import Bools, Float64s, Int64s
from recommender.offers.catalogue import Budget, Catalogue
from recommender.offers.eligibility import OfferContext
from recommender.offers.incremental_margin import OfferModel
from recommender.validity import is_active

PRICE_ROUNDS, HALVINGS, HIGHEST_PRICE = 20, 40, 1e4


def prices(gain: Float64s, cost: Float64s, drawn_on: Bools, amounts: Float64s) -> Float64s:
    """(n_budgets) lambda >= 0: each customer takes argmax_o gain_uo - lambda_o cost_uo, or nothing.

    gain (incremental margin) and cost: (n_customers, n_offers), of the expected customers; drawn_on:
    (n_budgets, n_offers), offers may draw on several budgets; amounts: (n_budgets). lambda_o is the sum over
    an offer's budgets. Each in turn becomes the smallest that keeps its budget (bisection), until none moves.
    """
    lambdas = np.zeros(len(amounts))
    for _ in range(PRICE_ROUNDS):
        before = lambdas.copy()
        for budget in range(len(amounts)):
            lambdas[budget] = _price(budget, lambdas, gain, cost, drawn_on, amounts)
        if np.allclose(lambdas, before, atol=1e-6):
            break
    return lambdas


def choices(gain: Float64s, cost: Float64s, offer_prices: Float64s) -> Int64s:
    """(n_customers): the offer taken at these prices, (n_offers) each; -1 for none."""
    net = gain - offer_prices * cost
    best = net.argmax(axis=1)
    return np.asarray(np.where(net[np.arange(len(net)), best] > 0, best, -1))


def spent(chosen: Int64s, cost: Float64s, drawn_on: Bools) -> Float64s:
    """(n_budgets): what the choices take from each; an offer charges each of its budgets once."""
    given = np.zeros(cost.shape[1])
    taken = chosen >= 0
    np.add.at(given, chosen[taken], cost[np.flatnonzero(taken), chosen[taken]])
    return np.asarray(drawn_on @ given)


def _price(
    budget: int, lambdas: Float64s, gain: Float64s, cost: Float64s, drawn_on: Bools, amounts: Float64s
) -> float:
    def fits(price: float) -> bool:
        trial = lambdas.copy()
        trial[budget] = price
        given = spent(choices(gain, cost, trial @ drawn_on), cost, drawn_on)
        return bool(given[budget] <= amounts[budget])

    if fits(0.0):
        return 0.0
    low, high = 0.0, HIGHEST_PRICE
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


OPEN_DAYS = 90.0
"""How long a budget without an end is to last."""


class Traffic(NamedTuple):
    """A sample of customers like those to expect; daily: decisions a day."""

    contexts: Sequence[OfferContext]
    daily: float


def budget_prices(
    catalogue: Catalogue, model: OfferModel, traffic: Traffic, spent: Mapping[str, float], now: datetime
) -> dict[str, float]:
    """Budget -> lambda, 0 where the money is enough for every offer that pays. Budgets not open are left out.

    Each customer of the traffic represents as many decisions as are expected until a budget closes.
    """
    budgets = [each for each in catalogue.budgets if is_active(each, now)]
    offers = [offer for offer in catalogue.offers if is_active(offer, now)]
    if not (budgets and offers and traffic.contexts and traffic.daily > 0):
        return {}
    gain = np.stack([model.incremental_margin(offers, each).mean(axis=0) for each in traffic.contexts])
    cost = np.array([[offer.costs(each.basket) for offer in offers] for each in traffic.contexts])
    drawn_on = np.array([[each.id in offer.budgets for offer in offers] for each in budgets])
    amounts = np.array([_share(each, traffic, spent, now) for each in budgets])
    lambdas = prices(gain, cost, drawn_on, amounts)
    return {each.id: float(price) for each, price in zip(budgets, lambdas, strict=True)}


def _share(budget: Budget, traffic: Traffic, spent: Mapping[str, float], now: datetime) -> float:
    """The part of the remaining money that falls to the customers of the traffic."""
    days = (budget.until - now) / timedelta(days=1) if budget.until else OPEN_DAYS
    left = max(budget.amount - spent.get(budget.id, 0.0), 0.0)
    return left * len(traffic.contexts) / max(traffic.daily * days, 1.0)


def traffic_of(rows: Float64s, names: Sequence[str], daily: float) -> Traffic:
    """rows: (n, k + 2), features and chances by `names`, then basket and margin."""
    contexts = [
        OfferContext(
            customer_id="",
            features=dict(zip(names, row[:-2], strict=True)),
            basket=row[-2],
            margin=row[-1],
        )
        for row in rows.tolist()
    ]
    return Traffic(contexts, daily)
