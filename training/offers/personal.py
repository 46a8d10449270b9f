"""One action for all or the best for each? The personal policy serves only where its lower bound is ahead."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.offers.off_policy import Log
from training.offers.uplift import ridge

Rows = NDArray[np.float64]
Actions = NDArray[np.int64]
ONE_SIDED = 1.645
"""A lower bound that holds 19 times of 20."""


class Trials(NamedTuple):
    """What happened to whom. rows: (n, k); action: (n) 0..m-1; reward, propensity: (n)."""

    rows: Rows
    action: Actions
    reward: Rows
    propensity: Rows

    def where(self, kept: NDArray[np.bool_]) -> Trials:
        return Trials(self.rows[kept], self.action[kept], self.reward[kept], self.propensity[kept])


class Policy(NamedTuple):
    """weights: (m, k), the expected reward of each action is rows @ weights.T; single: the best for all;
    lower_bound: of what the personal policy earns above `single`, reward a decision."""

    weights: Rows
    single: int
    lower_bound: float

    @property
    def personal(self) -> bool:
        return self.lower_bound > 0

    def choose(self, rows: Rows) -> Actions:
        """(n) actions: the best of each where that is proven to pay, else the best for all."""
        return arg_max(self.weights, rows) if self.personal else np.full(len(rows), self.single)


def fit_policy(trials: Trials, n_actions: int, folds: NDArray[np.int64]) -> Policy:
    """Learns both policies, and compares them on folds that neither has seen. folds: (n), each row's."""
    weights = fit_rewards(trials, n_actions)
    single = best_for_all(trials, n_actions)
    gain = np.empty(len(folds))
    for fold in np.unique(folds):
        asked = folds == fold
        learned = trials.where(~asked)
        gain[asked] = _gains(trials.where(asked), fit_rewards(learned, n_actions), single)
    error = float(gain.std(ddof=1) / np.sqrt(len(gain)))
    return Policy(weights, single, float(gain.mean()) - ONE_SIDED * error)


def fit_rewards(trials: Trials, n_actions: int) -> Rows:
    """(n_actions, k): a ridge of the reward an action."""
    return np.stack(
        [
            ridge(trials.rows[trials.action == action], trials.reward[trials.action == action])
            for action in range(n_actions)
        ]
    )


def best_for_all(trials: Trials, n_actions: int) -> int:
    """The action of the largest mean reward, weighed by propensity."""
    weight = 1 / trials.propensity
    total = np.bincount(trials.action, weight, n_actions)
    earned = np.bincount(trials.action, weight * trials.reward, n_actions)
    return int(np.argmax(np.divide(earned, total, out=np.full(n_actions, -np.inf), where=total > 0)))


def arg_max(weights: Rows, rows: Rows) -> Actions:
    """(n): the action that each is expected to bring most by."""
    return np.asarray((rows @ weights.T).argmax(axis=1))


def modelled(trials: Trials, weights: Rows, chosen: Actions) -> Log:
    """The log of these trials for a policy that takes `chosen`, (n), with rewards foretold by `weights`."""
    worth, each = trials.rows @ weights.T, np.arange(len(chosen))
    target = (trials.action == chosen).astype(np.float64)
    return Log(trials.reward, trials.propensity, target, worth[each, trials.action], worth[each, chosen])


def _gains(asked: Trials, weights: Rows, single: int) -> Rows:
    """(n) doubly robust differences between the personal policy and the best for all."""
    for_each = modelled(asked, weights, arg_max(weights, asked.rows))
    for_all = modelled(asked, weights, np.full(len(asked.action), single))
    differs = (for_each.weight - for_all.weight) * (asked.reward - for_each.predicted)
    return np.asarray(for_each.expected - for_all.expected + differs)
