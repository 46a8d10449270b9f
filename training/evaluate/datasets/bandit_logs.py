"""Off-policy estimates from a bandit's log, compared with a log of random choices (Saito et al. 2021)."""

from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from recommender.arrays.dtypes import Float64s
from training.errors import BadDataset
from training.measure.metrics import Metrics
from training.measure.result import Evaluation
from training.offers.off_policy import ESTIMATORS, Log, Value, effective_sample_size, ips, log_of, refusal

BANDIT_COLUMNS = {"item_id", "click", "propensity_score"}
PRIOR_SHOWS = 200.0
"""Impressions at the mean click rate that are added to each item's own."""


def is_bandit_logs(dataset: Path) -> bool:
    """Whether a folder holds bts_X.parquet and random_X.parquet."""
    return dataset.is_dir() and bool(_campaigns(dataset))


def evaluate_bandit_logs(dataset: Path) -> Evaluation:
    """Clicks an impression of the uniform policy, estimated from the bandit's log, and its actual ones.

    `error` is |estimate - actual| / actual. A campaign whose log is not sufficient is refused. Raises
    BadDataset.
    """
    began, rows = monotonic(), 0
    metrics: dict[str, Metrics] = {}
    verdicts: dict[str, Any] = {}
    for campaign in _campaigns(dataset):
        log = uniform_log(_read(dataset / f"bts_{campaign}.parquet"))
        actual = _actual_value(_read(dataset / f"random_{campaign}.parquet"))
        rows += len(log.reward)
        metrics |= {f"{campaign}: {name}": values for name, values in _estimates(log, actual).items()}
        metrics[f"{campaign}: earned"] = {"value": actual._asdict()}
        verdicts[campaign] = refusal(log) or "judged"
    return Evaluation("policy", dataset.name, metrics, rows, monotonic() - began, verdicts)


def uniform_log(table: pl.DataFrame) -> Log:
    """The log for the policy that shows all items equally often, with rewards predicted by item.

    Rewards of each half of the impressions are predicted from the other half.
    """
    item = np.unique(table["item_id"].to_numpy(), return_inverse=True)[1]
    click, n_items = table["click"].cast(pl.Float64).to_numpy(), int(item.max()) + 1
    propensity = table["propensity_score"].cast(pl.Float64).to_numpy()
    plain = log_of(click, propensity, np.full(len(click), 1 / n_items))
    predicted, expected = np.empty(len(click)), np.empty(len(click))
    half = np.random.default_rng(0).permutation(len(click)) % 2
    for held_out in (half == 0, half == 1):
        rate = _rates(item[~held_out], click[~held_out], n_items)
        predicted[held_out], expected[held_out] = rate[item[held_out]], rate.mean()
    return plain._replace(predicted=predicted, expected=expected)


def _rates(item: NDArray[np.int64], click: Float64s, n_items: int) -> Float64s:
    shown, clicked = np.bincount(item, minlength=n_items), np.bincount(item, click, n_items)
    return np.asarray((clicked + PRIOR_SHOWS * click.mean()) / (shown + PRIOR_SHOWS))


def _estimates(log: Log, actual: Value) -> dict[str, Metrics]:
    ess: Metrics = {"ess": {"value": effective_sample_size(log)}}
    if refusal(log) is not None:
        return {"refused": ess}
    estimates: dict[str, Metrics] = {}
    for name, estimate in ESTIMATORS.items():
        value = estimate(log)
        error = abs(value.value - actual.value) / actual.value
        estimates[name] = {"value": value._asdict(), "error": {"value": error}, **ess}
    return estimates


def _actual_value(table: pl.DataFrame) -> Value:
    ones = np.ones(len(table))
    return ips(log_of(table["click"].cast(pl.Float64).to_numpy(), ones, ones))


def _read(file: Path) -> pl.DataFrame:
    table = pl.read_parquet(file)
    if missing := BANDIT_COLUMNS - set(table.columns):
        raise BadDataset(f"{file} lacks {', '.join(sorted(missing))}")
    return table


def _campaigns(dataset: Path) -> list[str]:
    names = sorted(file.stem.removeprefix("bts_") for file in dataset.glob("bts_*.parquet"))
    return [name for name in names if (dataset / f"random_{name}.parquet").is_file()]
