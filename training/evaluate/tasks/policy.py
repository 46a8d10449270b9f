"""The value of an offer policy: learned on a trial, or estimated from the log of another policy."""

from pathlib import Path
from time import monotonic

import numpy as np

from features.progress import Report, silent
from training.evaluate.datasets.bandit_logs import evaluate_bandit_logs, is_bandit_logs
from training.evaluate.datasets.trials import FOLDS, Trial, read_trial
from training.evaluate.tasks.judgement import policy_metrics
from training.measure.result import Evaluation
from training.offers.design import Design
from training.offers.off_policy import Log, log_of
from training.offers.personal import LoggedTrials, arg_max, fit_policy, modelled

OUTCOME = "spend"


def evaluate_policy(
    dataset: Path, seed: int = 1, baselines: bool = True, report: Report = silent
) -> Evaluation:
    """A trial in the format of hillstrom.parquet: a policy learned on four folds is evaluated on the fifth. A
    folder of bts_*.parquet and random_*.parquet: the value of the uniform policy.

    seed: of the split into folds. Raises BadDataset.
    """
    if is_bandit_logs(dataset):
        return evaluate_bandit_logs(dataset)
    began = monotonic()
    trial = read_trial(dataset)
    arms = [trial.control, *trial.treatments]
    trials = trials_of(trial, arms)
    logs, personal = cross_fitted(trials, trial.folds(seed), len(arms), report)
    singles = {f"{arm} for all": _plain(trials, trials.action == number) for number, arm in enumerate(arms)}
    everyone = singles | {"random": _plain(trials, np.full(len(trials.action), 1 / len(arms)))}
    metrics = {
        name: policy_metrics(log) for name, log in (logs | everyone).items() if baselines or name in logs
    }
    best = max(singles, key=lambda name: policy_metrics(singles[name])["value"]["value"])
    settings = {"best single arm": best, "personal policy proven in": f"{personal} of {FOLDS} folds"}
    return Evaluation("policy", dataset.name, metrics, len(trial.arm), monotonic() - began, settings)


def trials_of(trial: Trial, arms: list[str]) -> LoggedTrials:
    """A trial's rows, with each arm's share as its propensity. arms: names of the actions 0, 1, ..."""
    rows = Design.of(trial.features).rows(trial.features)
    action = np.array([arms.index(arm) for arm in trial.arm.tolist()], np.int64)
    share = np.bincount(action, minlength=len(arms)) / len(action)
    return LoggedTrials(rows, action, trial.outcomes[OUTCOME], share[action])


def cross_fitted(
    trials: LoggedTrials, folds: np.ndarray[tuple[int], np.dtype[np.int64]], n_arms: int, report: Report
) -> tuple[dict[str, Log], int]:
    """Each policy's log, from policies learned on the other folds, and in how many folds the personal policy
    was significantly better."""
    parts: dict[str, list[Log]] = {"perennial": [], "arg-max": []}
    proven = 0
    for fold in range(FOLDS):
        report("Evaluation", fold, FOLDS)
        held_out, learned = trials.where(folds == fold), trials.where(folds != fold)
        policy = fit_policy(learned, n_arms, folds[folds != fold])
        proven += policy.personal
        parts["perennial"].append(modelled(held_out, policy.weights, policy.choose(held_out.rows)))
        parts["arg-max"].append(modelled(held_out, policy.weights, arg_max(policy.weights, held_out.rows)))
    report("Evaluation", 1, 1)
    return {name: Log(*map(np.concatenate, zip(*logs, strict=True))) for name, logs in parts.items()}, proven


def _plain(trials: LoggedTrials, target: np.ndarray[tuple[int], np.dtype[np.generic]]) -> Log:
    return log_of(trials.reward, trials.propensity, target.astype(np.float64))
