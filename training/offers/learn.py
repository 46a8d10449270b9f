"""The offer model, fitted to logged decisions: a Bayesian regression, kept as draws of its posterior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from recommender.arrays.dtypes import Bools, Float64s, Int64s
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

ANYWAY_SPREAD = 0.3
"""Prior standard deviation of the weights of the chance to order anyway, about the usual ones."""
PRIOR_USES = 10.0
"""Prior of the share of cost that is used: as if so many orders had used the offer in full."""
PERSONAL_CONFIDENCE, MOST_DOUBT = 0.8, 0.1
SIZE_SPREAD = 0.3
"""Prior standard deviation of the relative size of the orders that an offer brings."""
LEAST_BROUGHT = 0.1
LEAST_PER_ARM = 200
LEAST_CHANCE = 0.01
REWEIGHTINGS = 3
RECENT_DECISIONS = 2_000


class Responses(NamedTuple):
    """Decisions and their outcomes, (n) each but features, (n, k).

    arm: int64, -1 for no offer; stays, anyway: `CHANCES` at the decision; basket, expected: value and margin
    of the order to expect; cost: expected cost of the offer where it is used, 0 for none. ordered: 0 or 1;
    paid: cost of the offer in fact; margin: money earned after that cost, net of refunds.
    """

    features: Float64s
    arm: Int64s
    stays: Float64s
    anyway: Float64s
    basket: Float64s
    expected: Float64s
    cost: Float64s
    ordered: Float64s
    paid: Float64s
    margin: Float64s

    def then(self, later: Responses) -> Responses:
        """These responses, followed by later ones."""
        return Responses(*(np.concatenate(pair) for pair in zip(self, later, strict=True)))

    def where(self, kept: slice | Bools) -> Responses:
        parts: list[Any] = [column[kept] for column in self]
        return Responses(*parts)


def learn_offers(
    responses: Responses, arms: Sequence[str], features: Sequence[str], rng: np.random.Generator
) -> OfferModel:
    """One regression of orders for all arms: a common response to an offer's value, and weights for each arm.

    It predicts orders and not margins, whose size is mostly noise. Lift is proportional to the chance that
    the customer is still active, and decisions are weighted by the inverse variance of their outcome. Arms
    without decisions are left out.
    """
    tried = [arm for arm in range(len(arms)) if (responses.arm == arm).any()]
    centre, spread = responses.features.mean(axis=0), responses.features.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    base = usual_anyway(features, centre, scale)
    standardised = np.clip((responses.features - centre) / scale, -3, 3)
    rows = np.hstack([np.ones((len(responses.arm), 1)), standardised])
    mean, covariance = _posterior(rows, responses, tried, base)
    drawn = mean + rng.standard_normal((N_WORLDS, len(mean))) @ np.linalg.cholesky(covariance).T
    model = OfferModel(
        features=tuple(features),
        centre=centre,
        scale=scale,
        arms=tuple(arms[arm] for arm in tried),
        worlds=drawn[:, len(base) + 1 :].reshape(N_WORLDS, len(tried), rows.shape[1]),
        response=drawn[:, len(base)],
        size=np.ones((N_WORLDS, len(tried))),
        used=np.array([_used_share(responses.where(responses.arm == arm)) for arm in tried]),
        average=np.empty((N_WORLDS, 0)),
        anyway=mean[: len(base)],
        stage="thin",
    )
    if not tried:
        return model
    model = replace(model, size=_sizes(model, rows, responses, tried, rng))
    last = slice(-RECENT_DECISIONS, None)
    values = _incremental_margins(
        model, rows[last], responses.where(last), _costs(responses, tried, responses.basket[last])
    )
    counts = [int((responses.arm == arm).sum()) for arm in (-1, *tried)]
    stage = _stage(values) if min(counts) >= LEAST_PER_ARM else "thin"
    return replace(model, average=values[:, :-1].mean(axis=2), stage=stage)


def _posterior(
    rows: Float64s, responses: Responses, tried: list[int], base: Float64s
) -> tuple[Float64s, Float64s]:
    """Posterior mean and covariance of: the weights of the base, the response, the weights of each tried arm.

    Iteratively reweighted least squares; the weights are 1 / (p (1 - p)), with p predicted by the last round.
    """
    generous = np.minimum(responses.cost / np.maximum(responses.basket, 1e-9), MOST_GENEROUS)
    lifted = rows * responses.stays[:, None]
    blocks = [np.ones((len(rows), 1)), responses.anyway[:, None], rows[:, 1:]]
    blocks += [
        (responses.stays * generous)[:, None],
        *(lifted * (responses.arm == arm)[:, None] for arm in tried),
    ]
    x, n_effects = np.hstack(blocks), len(tried) * rows.shape[1]
    prior = np.concatenate([base, [RESPONSE], np.zeros(n_effects)])
    spread = np.concatenate(
        [np.full(len(base), ANYWAY_SPREAD), [RESPONSE_SPREAD], np.full(n_effects, DEVIATION)]
    )
    estimate = prior
    for _ in range(REWEIGHTINGS):
        chance = np.clip(x @ estimate, LEAST_CHANCE, LIKELIEST)
        weighted = x.T / (chance * (1 - chance))
        inverse = np.linalg.inv(weighted @ x + np.diag(spread**-2))
        estimate = inverse @ (weighted @ responses.ordered + prior / spread**2)
    return estimate, (inverse + inverse.T) / 2


def _used_share(given: Responses) -> float:
    """The share of the offer's expected cost that orders with it in fact took."""
    prior = PRIOR_USES * float(given.cost.mean())
    expected = float((given.ordered * given.cost).sum()) + prior
    return (float(given.paid.sum()) + prior) / expected if expected else 1.0


def _sizes(
    model: OfferModel, rows: Float64s, responses: Responses, tried: list[int], rng: np.random.Generator
) -> Float64s:
    """(n_worlds, n_arms): margin of the orders that an arm brought, over their expected margin.

    The orders of an arm are a mixture: those that came anyway, as large as orders without an offer, and
    those it brought. The larger their share, the more certain is their size.
    """
    usual, doubt = _size(responses.where(responses.arm < 0))
    drawn = np.empty((N_WORLDS, len(tried)))
    for column, arm in enumerate(tried):
        own = responses.arm == arm
        lift = _lift(model, rows[own], responses.where(own), responses.cost[own][None])[:, column].mean()
        brought = float(np.clip(lift / max(responses.ordered[own].mean(), LEAST_CHANCE), LEAST_BROUGHT, 1.0))
        size, error = _size(responses.where(own))
        estimate = (size - (1 - brought) * usual) / brought
        error = float(np.hypot(error, (1 - brought) * doubt)) / brought
        trust = SIZE_SPREAD**2 / (SIZE_SPREAD**2 + error**2)
        drawn[:, column] = 1 + trust * (estimate - 1) + np.sqrt(trust) * error * rng.standard_normal(N_WORLDS)
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


def _costs(responses: Responses, tried: list[int], basket: Float64s) -> Float64s:
    """(n_arms, n) expected cost of each arm for these baskets: a linear fit to its logged costs."""
    return np.stack([_cost(responses.where(responses.arm == arm), basket) for arm in tried])


def _cost(given: Responses, basket: Float64s) -> Float64s:
    if np.ptp(given.basket) < 1e-9:
        return np.full(len(basket), given.cost.mean())
    slope, start = np.polyfit(given.basket, given.cost, 1)
    return np.asarray(np.maximum(start + slope * basket, 0.0))


def _incremental_margins(model: OfferModel, rows: Float64s, responses: Responses, cost: Float64s) -> Float64s:
    """(n_worlds, n_arms + 1, n): incremental margin of each arm and of none, as in `OfferModel`."""
    lift = _lift(model, rows, responses, cost)
    paid = model.used[:, None] * cost
    anyway = model.anyway[0] + model.anyway[1] * responses.anyway + rows[:, 1:] @ model.anyway[2:]
    values = (
        lift * (model.size[:, :, None] * responses.expected - paid) - np.clip(anyway, 0.0, LIKELIEST) * paid
    )
    return np.concatenate([values, np.zeros((N_WORLDS, 1, len(rows)))], axis=1)


def _lift(model: OfferModel, rows: Float64s, responses: Responses, cost: Float64s) -> Float64s:
    """(n_worlds, n_arms, n): chance of one more order. cost: (n_arms, n), or (1, n): the same of all arms."""
    generous = np.minimum(cost / np.maximum(responses.basket, 1e-9), MOST_GENEROUS)
    lift = model.response[:, None, None] * generous + model.worlds @ rows.T
    return np.asarray(responses.stays * lift)


def _stage(values: Float64s) -> EvidenceLevel:
    """`personal` if choosing for each customer earns more than one offer for all in 80 % of the worlds; else
    `thin` while knowing the true world would earn a tenth more than the mean of all worlds; else `single`.

    values: (n_worlds, n_arms + 1, n) incremental margins, of the customers of recent decisions. Nobody is
    given an offer that is expected to bring nothing.
    """
    mean, each = values.mean(axis=0), np.arange(values.shape[2])
    best = int(mean.mean(axis=1).argmax())
    single = np.where(mean[best] >= 0, best, len(mean) - 1)
    alone = values[:, single, each]
    beaten = (values > alone[:, None]).mean(axis=0) >= CONFIDENT
    beaten[single, each] = True
    chosen = np.where(beaten, mean, -np.inf).argmax(axis=0)
    gain = (values[:, chosen, each] - alone).mean(axis=1)
    if np.quantile(gain, 1 - PERSONAL_CONFIDENCE) > 0:
        return "personal"
    earned, with_perfect_information = float(mean.max(axis=0).mean()), float(values.max(axis=1).mean())
    return "thin" if with_perfect_information > (1 + MOST_DOUBT) * earned else "single"
