"""The value of offer policies: learned on a trial, or estimated from the log of another policy."""

from pathlib import Path
from time import monotonic

import numpy as np

from features.catalogue.products import load_products
from features.home import Home
from features.progress import Report, silent
from recommender.offers.catalogue import NO_OFFER
from training.data.history import load_history
from training.errors import BadDataset
from training.evaluate.datasets.bandit_logs import evaluate_bandit_logs, is_bandit_logs
from training.evaluate.datasets.trials import TRIAL_FOLDS, RandomisedTrial, read_trial
from training.measure.metrics import Metrics
from training.measure.result import Evaluation
from training.offers.design import Design
from training.offers.log import decision_outcomes
from training.offers.off_policy import Log, dr, effective_sample_size, log_of, refusal, snips
from training.offers.personal import LoggedTrials, arg_max, fit_policy, modelled

POLICY_OUTCOME = "spend"


def evaluate_policy(
    source: Path | Home, seed: int = 1, baselines: bool = True, report: Report = silent
) -> Evaluation:
    """A trial in the format of hillstrom.parquet: a policy learned on four folds is evaluated on the fifth. A
    folder of bts_*.parquet and random_*.parquet: the value of the uniform policy. A home:
    `evaluate_decisions`.

    seed: of the split into folds. Raises BadDataset.
    """
    if isinstance(source, Home):
        return evaluate_decisions(source)
    if is_bandit_logs(source):
        return evaluate_bandit_logs(source)
    began = monotonic()
    trial = read_trial(source)
    arms = [trial.control, *trial.treatments]
    trials = trials_of(trial, arms)
    logs, personal = cross_fitted(trials, trial.folds(seed), len(arms), report)
    singles = {f"{arm} for all": _plain(trials, trials.action == number) for number, arm in enumerate(arms)}
    everyone = singles | {"random": _plain(trials, np.full(len(trials.action), 1 / len(arms)))}
    metrics = {
        name: policy_metrics(log) for name, log in (logs | everyone).items() if baselines or name in logs
    }
    best = max(singles, key=lambda name: policy_metrics(singles[name])["value"]["value"])
    settings = {"best single arm": best, "personal policy proven in": f"{personal} of {TRIAL_FOLDS} folds"}
    return Evaluation("policy", source.name, metrics, len(trial.arm), monotonic() - began, settings)


def trials_of(trial: RandomisedTrial, arms: list[str]) -> LoggedTrials:
    """A trial's rows, with each arm's share as its propensity. arms: names of the actions 0, 1, ..."""
    rows = Design.of(trial.features).rows(trial.features)
    action = np.array([arms.index(arm) for arm in trial.arm.tolist()], np.int64)
    share = np.bincount(action, minlength=len(arms)) / len(action)
    return LoggedTrials(rows, action, trial.outcomes[POLICY_OUTCOME], share[action])


def cross_fitted(
    trials: LoggedTrials, folds: np.ndarray[tuple[int], np.dtype[np.int64]], n_arms: int, report: Report
) -> tuple[dict[str, Log], int]:
    """Each policy's log, from policies learned on the other folds, and in how many folds the personal policy
    was significantly better."""
    parts: dict[str, list[Log]] = {"perennial": [], "arg-max": []}
    proven = 0
    for fold in range(TRIAL_FOLDS):
        report("Evaluation", fold, TRIAL_FOLDS)
        held_out, learned = trials.where(folds == fold), trials.where(folds != fold)
        policy = fit_policy(learned, n_arms, folds[folds != fold])
        proven += policy.personal
        parts["perennial"].append(modelled(held_out, policy.weights, policy.choose(held_out.rows)))
        parts["arg-max"].append(modelled(held_out, policy.weights, arg_max(policy.weights, held_out.rows)))
    report("Evaluation", 1, 1)
    return {name: Log(*map(np.concatenate, zip(*logs, strict=True))) for name, logs in parts.items()}, proven


def _plain(trials: LoggedTrials, target: np.ndarray[tuple[int], np.dtype[np.generic]]) -> Log:
    return log_of(trials.reward, trials.propensity, target.astype(np.float64))


def evaluate_decisions(home: Home) -> Evaluation:
    """Margin a decision of a shop's own log, and with each arm for everybody, in the days after it, less the
    offer's cost. Raises BadDataset."""
    began = monotonic()
    catalogue = load_products(home)
    logged = decision_outcomes(home, load_history(home, catalogue), catalogue)
    if logged is None:
        raise BadDataset("no decision is 14 days old yet: ask POST /v1/offers, and wait")
    responses, propensity = logged.responses, logged.propensity
    targets = {"perennial": propensity} | {
        f"{arm} for all": (responses.arm == index).astype(np.float64)
        for index, arm in ((-1, NO_OFFER), *enumerate(logged.arms))
    }
    metrics = {
        name: policy_metrics(log_of(responses.margin, propensity, target)) for name, target in targets.items()
    }
    return Evaluation("policy", home.root.name, metrics, len(responses.arm), monotonic() - began, {})


def policy_metrics(log: Log) -> Metrics:
    """value (SNIPS) and dr, reward a decision with 95 % intervals, and ess; refused: ess alone."""
    metrics: Metrics = {"ess": {"value": effective_sample_size(log)}}
    if refusal(log) is None:
        metrics = {"value": snips(log)._asdict(), "dr": dr(log)._asdict(), **metrics}
    return metrics
