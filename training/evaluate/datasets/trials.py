"""Randomised trials in the format of hillstrom.parquet: each customer's arm and outcomes."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from training.errors import BadDataset
from training.measure.metrics import Measurement, with_error

ARM, TRIAL_OUTCOMES = "segment", ("visit", "conversion", "spend")
NONE_WORDS = ("no ", "none", "control")
TRIAL_FOLDS = 5


class RandomisedTrial(NamedTuple):
    """features: a row a customer; arm: (n) text; outcomes: name -> (n) float64; control: who got nothing."""

    features: pl.DataFrame
    arm: NDArray[np.str_]
    outcomes: dict[str, NDArray[np.float64]]
    control: str

    @property
    def treatments(self) -> list[str]:
        return sorted(set(self.arm.tolist()) - {self.control})

    def folds(self, seed: int) -> NDArray[np.int64]:
        """(n): the fold, 0 to 4, of each customer, at random."""
        return np.random.default_rng(seed).permutation(len(self.arm)) % TRIAL_FOLDS


def is_trial(dataset: Path) -> bool:
    """Whether it is a data set in the format of hillstrom.parquet."""
    file = _file(dataset)
    return file is not None and {ARM, *TRIAL_OUTCOMES} <= set(pl.scan_parquet(file).collect_schema().names())


def read_trial(dataset: Path) -> RandomisedTrial:
    """Raises BadDataset."""
    file = _file(dataset)
    if file is None or not is_trial(dataset):
        raise BadDataset(f"{dataset} holds no trial: a parquet file with {', '.join((ARM, *TRIAL_OUTCOMES))}")
    table = pl.read_parquet(file)
    arms = sorted(table[ARM].unique())
    control = next((arm for arm in arms if arm.lower().startswith(NONE_WORDS)), None)
    if control is None or len(arms) < 2:
        raise BadDataset(f"{file} needs an arm that got nothing (`No ...`, `none`, `control`) and another")
    outcomes = {name: table[name].cast(pl.Float64).to_numpy() for name in TRIAL_OUTCOMES}
    return RandomisedTrial(
        table.drop(ARM, *TRIAL_OUTCOMES), table[ARM].to_numpy().astype(str), outcomes, control
    )


def over_splits(values: NDArray[np.float64]) -> Measurement:
    """The mean, with an interval of 1.96 standard errors of the folds of one split. values: (splits, folds).

    Splits of the same customers are not independent, so more of them do not narrow the interval.
    """
    value, error = float(values.mean()), float(values.std(axis=1, ddof=1).mean() / np.sqrt(values.shape[1]))
    return with_error(value, error)


def _file(dataset: Path) -> Path | None:
    if dataset.is_file():
        return dataset if dataset.suffix == ".parquet" else None
    files = sorted(dataset.glob("*.parquet"))
    return files[0] if len(files) == 1 else None
