"""Whom a treatment moves: learned on four fifths of a randomised trial, asked about the fifth."""

from pathlib import Path
from time import monotonic

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.progress import Report, silent
from training.evaluate.datasets.trials import TRIAL_FOLDS, RandomisedTrial, over_splits, read_trial
from training.measure.metrics import Metrics
from training.measure.result import Evaluation
from training.offers.design import Design
from training.offers.qini import auuc, qini
from training.offers.uplift import Learner, response_model, s_learner, x_learner

USUAL, UPLIFT_OUTCOME = "Womens E-Mail", "visit"
BASELINES: dict[str, Learner] = {"s-learner": s_learner, "response model": response_model}


def evaluate_uplift(
    dataset: Path, seeds: int = 5, baselines: bool = True, report: Report = silent
) -> Evaluation:
    """Qini and AUUC of the visits that one treatment brings against none, by five folds on `seeds` splits.

    The treatment is Hillstrom's Womens E-Mail, in another trial the first arm that is not the control.
    Raises BadDataset.
    """
    began = monotonic()
    trial = read_trial(dataset)
    treatment = USUAL if USUAL in trial.treatments else trial.treatments[0]
    pair = against_none(trial, treatment)
    learners: dict[str, Learner | None] = {"perennial": x_learner}
    if baselines:
        learners |= {**BASELINES, "random": None}
    metrics: dict[str, Metrics] = {}
    for done, (name, learner) in enumerate(learners.items()):
        report("Evaluation", done, len(learners))
        metrics[name] = cross_validated(pair, treatment, learner, seeds)
    report("Evaluation", 1, 1)
    question = {"question": f"{treatment} against {trial.control}, {UPLIFT_OUTCOME}"}
    return Evaluation("uplift", dataset.name, metrics, len(pair.arm), monotonic() - began, question)


def against_none(trial: RandomisedTrial, treatment: str) -> RandomisedTrial:
    """Those who got the treatment or nothing."""
    kept = np.isin(trial.arm, [treatment, trial.control])
    outcomes = {name: values[kept] for name, values in trial.outcomes.items()}
    return RandomisedTrial(trial.features.filter(pl.Series(kept)), trial.arm[kept], outcomes, trial.control)


def cross_validated(pair: RandomisedTrial, treatment: str, learner: Learner | None, seeds: int) -> Metrics:
    """qini and auuc; no learner: scores by lot."""
    rows, treated = Design.of(pair.features).rows(pair.features), pair.arm == treatment
    outcome = pair.outcomes[UPLIFT_OUTCOME]
    values = np.empty((2, seeds, TRIAL_FOLDS))
    for seed in range(seeds):
        folds = pair.folds(seed)
        for fold in range(TRIAL_FOLDS):
            held_out = folds == fold
            score = _scores(learner, rows, treated, outcome, held_out, seed)
            for index, metric in enumerate((qini, auuc)):
                values[index, seed, fold] = metric(score, treated[held_out], outcome[held_out])
    return {"qini": over_splits(values[0]), "auuc": over_splits(values[1])}


def _scores(
    learner: Learner | None,
    rows: NDArray[np.float64],
    treated: NDArray[np.bool_],
    outcome: NDArray[np.float64],
    held_out: NDArray[np.bool_],
    seed: int,
) -> NDArray[np.float64]:
    if learner is None:
        return np.random.default_rng(seed).random(int(held_out.sum()))
    return np.asarray(rows[held_out] @ learner(rows[~held_out], treated[~held_out], outcome[~held_out]))
