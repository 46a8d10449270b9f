"""Ranking metrics, from the ranks of the wanted items.

Names hold metric, k and convention: `recall@10`, `hr@20`, `mrr@20`, `phr@10` (hr of a shopper's basket),
`ndcg@10_full` (the ideal list holds the whole truth), `ndcg@10_cut` (the ideal list ends at k too).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.dtypes import Float64s, Int64s

RESAMPLES = 500
Z_95 = 1.96  # standard errors on each side of an estimate, in an interval of 95 %
RESAMPLES_AT_ONCE = 10  # resamples in memory at once
Ranks = NDArray[np.float64]
"""(n_truth): rank of each item of the truth from 1 on, the mean of tied ranks, inf where it is not ranked."""
Measure = Callable[[Ranks], float]
Measurement = dict[str, float]
Metrics = dict[str, Measurement]


class Ranked(NamedTuple):
    """An answer, best first. scores: descending, equal ones are ties; None: no ties."""

    items: NDArray[np.int32]
    scores: NDArray[np.floating] | None = None


def top(scores: NDArray[np.floating], k: int) -> Ranked:
    """The k best items with a score above 0, and those that tie with the last of them."""
    k = min(k, len(scores))
    least = np.partition(scores, -k)[-k] if k else 0.0
    items = np.flatnonzero((scores >= least) & (scores > 0))
    items = items[np.argsort(-scores[items], kind="stable")]
    return Ranked(items.astype(np.int32), scores[items])


def ranks_of_truth(answer: Ranked, truth: NDArray[np.int32]) -> Ranks:
    """Rank of each item of the truth in the answer."""
    positions = np.arange(1.0, len(answer.items) + 1)
    if answer.scores is not None:
        first = np.searchsorted(-answer.scores, -answer.scores, side="left")
        last = np.searchsorted(-answer.scores, -answer.scores, side="right")
        positions = (first + 1 + last) / 2
    ranks = np.full(len(truth), np.inf)
    if len(answer.items):
        same = truth[:, None] == answer.items
        listed = same.any(axis=1)
        ranks[listed] = positions[same[listed].argmax(axis=1)]
    return ranks


def measure(name: str) -> Measure:
    """The measure of that name. Raises KeyError where there is none."""
    kind, _, rest = name.partition("@")
    k, _, ideal = rest.partition("_")
    at_k = MEASURES[f"{kind}_{ideal}" if ideal else kind]
    return lambda ranks: at_k(ranks, int(k))


def depth(name: str) -> int:
    """k of the measure of that name: how many items of an answer count."""
    return int(name.partition("@")[2].partition("_")[0])


def hit(ranks: Ranks, k: int) -> float:
    """1 where any of the truth is among the first k."""
    return float((ranks <= k).any())


def recall(ranks: Ranks, k: int) -> float:
    """Share of the truth that is among the first k."""
    return float((ranks <= k).mean())


def reciprocal_rank(ranks: Ranks, k: int) -> float:
    """1 / rank of the first of the truth, 0 behind k."""
    return float(1 / ranks.min()) if hit(ranks, k) else 0.0


def ndcg_full(ranks: Ranks, k: int) -> float:
    """Discounted gain over that of a list that begins with the whole truth, however long."""
    return float(discount(ranks[ranks <= k]).sum() / ideal_gains(len(ranks))[-1])


def ndcg_cut(ranks: Ranks, k: int) -> float:
    """Discounted gain over the highest that a list of k items can have."""
    return float(discount(ranks[ranks <= k]).sum() / ideal_gains(min(len(ranks), k))[-1])


def discount(ranks: NDArray[np.floating] | NDArray[np.integer]) -> Float64s:
    """Gain of a wanted item at each rank (1 for the best)."""
    return np.asarray(1 / np.log2(ranks + 1))


def ideal_gains(n: int) -> Float64s:
    """(n + 1): gain of a list that begins with 0, 1, ... n wanted items."""
    return np.concatenate([[0.0], np.cumsum(discount(np.arange(1, n + 1)))])


def ndcg_of_cases(
    case: NDArray[np.integer], ranks: NDArray[np.integer], n_wanted: Int64s, k: int
) -> Float64s:
    """(n_cases): NDCG@k of many cases at once; 0 where nothing is wanted.

    case, ranks: of each wanted item that was ranked; n_wanted: (n_cases), of the ideal lists.
    """
    gain = np.bincount(case, np.where(ranks <= k, discount(ranks), 0.0), len(n_wanted))
    return np.asarray(gain / np.maximum(ideal_gains(int(n_wanted.max(initial=0)))[n_wanted], 1e-12))


def is_better(one: Float64s, other: Float64s, errors: float = 1.0) -> bool:
    """Whether a mean is higher by more than so many of its standard errors, case by case."""
    gain = one - other
    return bool(gain.mean() > errors * gain.std() / np.sqrt(len(gain)))


MEASURES: dict[str, Callable[[Ranks, int], float]] = {
    "hr": hit,
    "phr": hit,
    "recall": recall,
    "mrr": reciprocal_rank,
    "ndcg_full": ndcg_full,
    "ndcg_cut": ndcg_cut,
}


def with_error(value: float, error: float) -> Measurement:
    """A value with its 95 % interval. error: its standard error."""
    return {"value": value, "low": value - Z_95 * error, "high": value + Z_95 * error}


def estimate(values: Sequence[float], seed: int) -> Measurement:
    """Mean with the 2.5 % and 97.5 % points of its bootstrap distribution."""
    from scipy.stats import bootstrap

    sample = np.asarray(values, np.float64)
    mean = low = high = sample.mean()
    if len(sample) > 1:
        rng = np.random.default_rng(seed)
        found = bootstrap(
            (sample,), np.mean, n_resamples=RESAMPLES, batch=RESAMPLES_AT_ONCE, method="percentile", rng=rng
        )
        low, high = found.confidence_interval
    return {"value": float(mean), "low": float(low), "high": float(high)}
