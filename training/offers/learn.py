"""What offers bring, learned from the log of decisions: a Bayesian regression, drawn as worlds of belief."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.offers.incremental_margin import (
    DEVIATION,
    LIKELIEST,
    MOST_GENEROUS,
    N_WORLDS,
    RESPONSE,
    RESPONSE_SPREAD,
    EvidenceLevel,
    OfferModel,
    usual_anyway,
)
from recommender.offers.propensities import CONFIDENT

Numbers = NDArray[np.float64]
ANYWAY_SPREAD = 0.3
"""How far the weights of the chance to order anyway are believed to lie from the usual ones."""
USED = 10.0
"""So many orders with an offer are believed to have used it before any was seen."""
SURE, MOST_DOUBT = 0.8, 0.1
SIZE_SPREAD = 0.3
"""How far the orders that an offer brings are believed to differ in size from others."""
LEAST_BROUGHT = 0.1
LEAST_DECISIONS = 200
LEAST_CHANCE = 0.01
ROUNDS = 3
ASKED_ABOUT = 2_000


class Responses(NamedTuple):
    """Decisions and what came of them within their validity, (n) each but features, (n, k).

    arm: int64, -1 for no offer; stays, anyway: chances as the decision was told; basket, expected: worth and
    margin of the order to expect; cost: what the offer is expected to take where it is used, 0 for none.
    ordered: 0 or 1; paid: what it took; margin: money earned after that, refunds taken off.
    """

    features: Numbers
    arm: NDArray[np.int64]
    stays: Numbers
    anyway: Numbers
    basket: Numbers
    expected: Numbers
    cost: Numbers
    ordered: Numbers
    paid: Numbers
    margin: Numbers

    def then(self, later: Responses) -> Responses:
        """These and later ones."""
        return Responses(*(np.concatenate(pair) for pair in zip(self, later, strict=True)))

    def where(self, kept: slice | NDArray[np.bool_]) -> Responses:
        parts: list[Any] = [column[kept] for column in self]
        return Responses(*parts)


def learn(
    seen: Responses, arms: Sequence[str], features: Sequence[str], rng: np.random.Generator
) -> OfferModel:
    """One regression of orders for all arms: what an offer's worth usually brings, and each arm apart.

    Orders, not margins: how large a basket turned out is noise. Lift is in proportion to the chance that
    the customer has not left, and a decision weighs by how little chance there is in its outcome. Arms that
    nobody got are left out.
    """
    given = [place for place in range(len(arms)) if (seen.arm == place).any()]
    centre, spread = seen.features.mean(axis=0), seen.features.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    base = usual_anyway(features, centre, scale)
    rows = np.hstack([np.ones((len(seen.arm), 1)), np.clip((seen.features - centre) / scale, -3, 3)])
    mean, covariance = _posterior(rows, seen, given, base)
    drawn = mean + rng.standard_normal((N_WORLDS, len(mean))) @ np.linalg.cholesky(covariance).T
    model = OfferModel(
        features=tuple(features),
        centre=centre,
        scale=scale,
        arms=tuple(arms[place] for place in given),
        worlds=drawn[:, len(base) + 1 :].reshape(N_WORLDS, len(given), rows.shape[1]),
        response=drawn[:, len(base)],
        size=np.ones((N_WORLDS, len(given))),
        used=np.array([_used(seen.where(seen.arm == place)) for place in given]),
        average=np.empty((N_WORLDS, 0)),
        anyway=mean[: len(base)],
        stage="thin",
    )
    if not given:
        return model
    model = replace(model, size=_sizes(model, rows, seen, given, rng))
    last = slice(-ASKED_ABOUT, None)
    worth = _worth(model, rows[last], seen.where(last), _costs(seen, given, seen.basket[last]))
    counts = [int((seen.arm == place).sum()) for place in (-1, *given)]
    stage = _stage(worth) if min(counts) >= LEAST_DECISIONS else "thin"
    return replace(model, average=worth[:, :-1].mean(axis=2), stage=stage)


def _posterior(rows: Numbers, seen: Responses, given: list[int], base: Numbers) -> tuple[Numbers, Numbers]:
    """Mean and covariance of: the base's weights, response, and the weights of each given arm.

    Weighted least squares; the weights are the inverse variances p (1 - p) of what the last round foretold.
    """
    generous = np.minimum(seen.cost / np.maximum(seen.basket, 1e-9), MOST_GENEROUS)
    lifted = rows * seen.stays[:, None]
    blocks = [np.ones((len(rows), 1)), seen.anyway[:, None], rows[:, 1:]]
    blocks += [(seen.stays * generous)[:, None], *(lifted * (seen.arm == place)[:, None] for place in given)]
    x, n_effects = np.hstack(blocks), len(given) * rows.shape[1]
    prior = np.concatenate([base, [RESPONSE], np.zeros(n_effects)])
    spread = np.concatenate(
        [np.full(len(base), ANYWAY_SPREAD), [RESPONSE_SPREAD], np.full(n_effects, DEVIATION)]
    )
    found = prior
    for _ in range(ROUNDS):
        chance = np.clip(x @ found, LEAST_CHANCE, LIKELIEST)
        weighted = x.T / (chance * (1 - chance))
        inverse = np.linalg.inv(weighted @ x + np.diag(spread**-2))
        found = inverse @ (weighted @ seen.ordered + prior / spread**2)
    return found, (inverse + inverse.T) / 2


def _used(given: Responses) -> float:
    """Share of the offer's cost that orders with it bore."""
    believed = USED * float(given.cost.mean())
    expected = float((given.ordered * given.cost).sum()) + believed
    return (float(given.paid.sum()) + believed) / expected if expected else 1.0


def _sizes(
    model: OfferModel, rows: Numbers, seen: Responses, given: list[int], rng: np.random.Generator
) -> Numbers:
    """(n_worlds, n_arms): the margin of orders that an arm brought, over what was to be expected.

    Its orders are those that came anyway, of the size of those without an offer, and those it brought; the
    more of them it brought, the better its own size is known.
    """
    usual, doubt = _size(seen.where(seen.arm < 0))
    drawn = np.empty((N_WORLDS, len(given)))
    for place, arm in enumerate(given):
        own = seen.arm == arm
        lift = _lift(model, rows[own], seen.where(own), seen.cost[own][None])[:, place].mean()
        brought = float(np.clip(lift / max(seen.ordered[own].mean(), LEAST_CHANCE), LEAST_BROUGHT, 1.0))
        size, error = _size(seen.where(own))
        found = (size - (1 - brought) * usual) / brought
        error = float(np.hypot(error, (1 - brought) * doubt)) / brought
        trust = SIZE_SPREAD**2 / (SIZE_SPREAD**2 + error**2)
        drawn[:, place] = 1 + trust * (found - 1) + np.sqrt(trust) * error * rng.standard_normal(N_WORLDS)
    return np.maximum(drawn, 0.0)


def _size(orders: Responses) -> tuple[float, float]:
    """Margin before the offer over the margin to expect, of those who ordered; and its standard error."""
    ordered = orders.ordered > 0
    gross, expected = (orders.margin + orders.paid)[ordered], orders.expected[ordered]
    if len(gross) < 2 or not expected.sum() > 0:
        return 1.0, float("inf")
    ratio = float(gross.sum() / expected.sum())
    error = float(np.sqrt(((gross - ratio * expected) ** 2).sum()) / expected.sum())
    return ratio, error


def _costs(seen: Responses, given: list[int], basket: Numbers) -> Numbers:
    """(n_arms, n) what each arm would take from these baskets: a line through what it took from others."""
    return np.stack([_cost(seen.where(seen.arm == place), basket) for place in given])


def _cost(given: Responses, basket: Numbers) -> Numbers:
    if np.ptp(given.basket) < 1e-9:
        return np.full(len(basket), given.cost.mean())
    slope, start = np.polyfit(given.basket, given.cost, 1)
    return np.asarray(np.maximum(start + slope * basket, 0.0))


def _worth(model: OfferModel, rows: Numbers, asked: Responses, cost: Numbers) -> Numbers:
    """(n_worlds, n_arms + 1, n): incremental margin of each arm and of none, as in `OfferModel`."""
    lift = _lift(model, rows, asked, cost)
    paid = model.used[:, None] * cost
    anyway = model.anyway[0] + model.anyway[1] * asked.anyway + rows[:, 1:] @ model.anyway[2:]
    worth = lift * (model.size[:, :, None] * asked.expected - paid) - np.clip(anyway, 0.0, LIKELIEST) * paid
    return np.concatenate([worth, np.zeros((N_WORLDS, 1, len(rows)))], axis=1)


def _lift(model: OfferModel, rows: Numbers, asked: Responses, cost: Numbers) -> Numbers:
    """(n_worlds, n_arms, n): chance of one more order. cost: (n_arms, n), or (1, n): the same of all arms."""
    generous = np.minimum(cost / np.maximum(asked.basket, 1e-9), MOST_GENEROUS)
    lift = model.response[:, None, None] * generous + model.worlds @ rows.T
    return np.asarray(asked.stays * lift)


def _stage(worth: Numbers) -> EvidenceLevel:
    """personal where choosing for each earns more than one offer for all in 80 % of the worlds; else thin
    while to know the true world would earn a tenth more than to act on the mean of all; else single.

    worth: (n_worlds, n_arms + 1, n), of customers like those asked about last. Nobody is given what is
    expected to bring nothing.
    """
    mean, each = worth.mean(axis=0), np.arange(worth.shape[2])
    best = int(mean.mean(axis=1).argmax())
    single = np.where(mean[best] >= 0, best, len(mean) - 1)
    alone = worth[:, single, each]
    beaten = (worth > alone[:, None]).mean(axis=0) >= CONFIDENT
    beaten[single, each] = True
    chosen = np.where(beaten, mean, -np.inf).argmax(axis=0)
    gain = (worth[:, chosen, each] - alone).mean(axis=1)
    if np.quantile(gain, 1 - SURE) > 0:
        return "personal"
    earned, known = float(mean.max(axis=0).mean()), float(worth.max(axis=1).mean())
    return "thin" if known > (1 + MOST_DOUBT) * earned else "single"
