"""Budgets as prices: what a unit of money from each must bring, so that what is given away fits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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
