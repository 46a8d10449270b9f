"""What offers bring, learned from the log of decisions: a Bayesian ridge that serves as worlds of belief."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.offer_choice import CONFIDENT
from recommender.offer_model import N_WORLDS, OfferModel, Stage

Numbers = NDArray[np.float64]
MAIN_RIDGE, PERSONAL_RIDGE = 10.0, 1_000.0
"""Noise variance over the variance believed of an arm's mean effect, and of what a feature changes in it."""
SURE, LIKELY = 0.95, 0.8
LEAST_DECISIONS = 200
LEAST_CHANCE = 0.02
ASKED_ABOUT = 2_000


class Responses(NamedTuple):
    """Decisions and what came of them within their validity. features: (n, k); arm: (n), -1 for no offer;
    margin: (n) money earned after the offer's cost, refunds taken off; ordered: (n) of 0 and 1."""

    features: Numbers
    arm: NDArray[np.int64]
    margin: Numbers
    ordered: Numbers

    def then(self, later: Responses) -> Responses:
        """These and later ones."""
        return Responses(*(np.concatenate(pair) for pair in zip(self, later, strict=True)))


def learn(
    seen: Responses, arms: Sequence[str], features: Sequence[str], rng: np.random.Generator
) -> OfferModel:
    """One regression of margin on features and arm x features, weighed by how rarely such customers order.

    What an offer brings is the difference to no offer in the same regression, so that its cost with those
    who would have ordered anyway is in it. Arms nobody got are left out.
    """
    given = [place for place in range(len(arms)) if (seen.arm == place).any()]
    centre, spread = seen.features.mean(axis=0), seen.features.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    rows = np.hstack([np.ones((len(seen.arm), 1)), np.clip((seen.features - centre) / scale, -3, 3)])
    mean, covariance = _posterior(rows, seen, given)
    root = np.linalg.cholesky(covariance)
    drawn = mean + rng.standard_normal((N_WORLDS, len(mean))) @ root.T
    worlds = drawn.reshape(N_WORLDS, len(given), rows.shape[1])
    counts = [int((seen.arm == place).sum()) for place in (-1, *given)]
    stage = _stage(worlds, rows[-ASKED_ABOUT:]) if given and min(counts) >= LEAST_DECISIONS else "thin"
    names, anyway = tuple(arms[place] for place in given), seen.ordered[seen.arm < 0]
    chance = float(anyway.mean()) if len(anyway) else 0.1
    return OfferModel(tuple(features), centre, scale, names, worlds, stage, chance)


def _posterior(rows: Numbers, seen: Responses, given: list[int]) -> tuple[Numbers, Numbers]:
    """Mean and covariance of the effects of the given arms, arm by arm."""
    k = rows.shape[1]
    usual = np.linalg.lstsq(rows, seen.ordered, rcond=None)[0]
    weight = 1 / np.sqrt(np.maximum(rows @ usual, LEAST_CHANCE))
    weight /= weight.mean()
    blocks = [rows, *(rows * (seen.arm == place)[:, None] for place in given)]
    x, y = np.hstack(blocks) * weight[:, None], seen.margin * weight
    prior = np.array([*[1.0] * k, *[MAIN_RIDGE, *[PERSONAL_RIDGE] * (k - 1)] * len(given)])
    inverse = np.linalg.inv(x.T @ x + np.diag(prior))
    found = inverse @ (x.T @ y)
    noise = max(float(((y - x @ found) ** 2).mean()), 1e-9)
    covariance = noise * inverse[k:, k:]
    return found[k:], (covariance + covariance.T) / 2


def _stage(worlds: Numbers, rows: Numbers) -> Stage:
    """thin until one arm is likely the best on average; personal where choosing for each surely earns more.

    Likely: in 80 % of the worlds; sure: in 95 %, for customers like those asked about last.
    """
    average = np.hstack([worlds[:, :, 0], np.zeros((len(worlds), 1))])
    best = int(average.mean(axis=0).argmax())
    worth = np.concatenate([worlds @ rows.T, np.zeros((len(worlds), 1, len(rows)))], axis=1)
    beaten = (worth > worth[:, [best]]).mean(axis=0) >= CONFIDENT
    beaten[best] = True
    chosen = np.where(beaten, worth.mean(axis=0), -np.inf).argmax(axis=0)
    gain = (worth[:, chosen, np.arange(len(rows))] - worth[:, best]).mean(axis=1)
    if np.quantile(gain, 1 - SURE) > 0:
        return "personal"
    return "single" if (average.argmax(axis=1) == best).mean() >= LIKELY else "thin"
