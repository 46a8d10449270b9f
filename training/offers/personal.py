"""A personal policy, used only where its lower bound beats the best single action for all."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from recommender.arrays.dtypes import Bools, Float64s, Int64s
from training.offers.off_policy import Log
from training.offers.uplift import ridge

Z_95_ONE_SIDED = 1.645  # a lower bound that holds 19 times of 20


class LoggedTrials(NamedTuple):
    """Randomised decisions. rows: (n, k) features; action: (n) 0..m-1; reward, propensity: (n)."""

    rows: Float64s
    action: Int64s
    reward: Float64s
    propensity: Float64s

    def where(self, kept: Bools) -> LoggedTrials:
        return LoggedTrials(self.rows[kept], self.action[kept], self.reward[kept], self.propensity[kept])


class Policy(NamedTuple):
    """weights: (m, k), the expected reward of each action is rows @ weights.T; single: the best for all;
    lower_bound: of what the personal policy earns above `single`, reward a decision."""

    weights: Float64s
    single: int
    lower_bound: float

    @property
    def personal(self) -> bool:
        return self.lower_bound > 0

    def choose(self, rows: Float64s) -> Int64s:
        """(n) actions: the best for each row if the personal policy is proven, else the best for all."""
        return arg_max(self.weights, rows) if self.personal else np.full(len(rows), self.single)


def fit_policy(trials: LoggedTrials, n_actions: int, folds: Int64s) -> Policy:
    """Fit both policies and compare them by cross-fitting. folds: (n), the fold of each row."""
    weights = fit_rewards(trials, n_actions)
    single = best_for_all(trials, n_actions)
    gain = np.empty(len(folds))
    for fold in np.unique(folds):
        held_out = folds == fold
        learned = trials.where(~held_out)
        gain[held_out] = _gains(trials.where(held_out), fit_rewards(learned, n_actions), single)
    error = float(gain.std(ddof=1) / np.sqrt(len(gain)))
    return Policy(weights, single, float(gain.mean()) - Z_95_ONE_SIDED * error)


def fit_rewards(trials: LoggedTrials, n_actions: int) -> Float64s:
    """(n_actions, k): the weights of a ridge regression of the reward for each action."""
    return np.stack(
        [
            ridge(trials.rows[trials.action == action], trials.reward[trials.action == action])
            for action in range(n_actions)
        ]
    )


def best_for_all(trials: LoggedTrials, n_actions: int) -> int:
    """The action of the largest mean reward, by inverse propensity weighting."""
    weight = 1 / trials.propensity
    total = np.bincount(trials.action, weight, n_actions)
    earned = np.bincount(trials.action, weight * trials.reward, n_actions)
    return int(np.argmax(np.divide(earned, total, out=np.full(n_actions, -np.inf), where=total > 0)))


def arg_max(weights: Float64s, rows: Float64s) -> Int64s:
    """(n): the action of the largest predicted reward for each row."""
    return np.asarray((rows @ weights.T).argmax(axis=1))


def modelled(trials: LoggedTrials, weights: Float64s, chosen: Int64s) -> Log:
    """The log of these trials for a policy that takes `chosen`, (n), with rewards predicted by `weights`."""
    predicted, each = trials.rows @ weights.T, np.arange(len(chosen))
    target = (trials.action == chosen).astype(np.float64)
    return Log(
        trials.reward, trials.propensity, target, predicted[each, trials.action], predicted[each, chosen]
    )


def _gains(trials: LoggedTrials, weights: Float64s, single: int) -> Float64s:
    """(n) doubly robust differences between the personal policy and the best for all."""
    for_each = modelled(trials, weights, arg_max(weights, trials.rows))
    for_all = modelled(trials, weights, np.full(len(trials.action), single))
    differs = (for_each.weight - for_all.weight) * (trials.reward - for_each.predicted)
    return np.asarray(for_each.expected - for_all.expected + differs)
