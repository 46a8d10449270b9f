"""What a ranking is worth, by the ranks that it gave to the truth.

A name says everything: `recall@10`, `hr@20`, `mrr@20`, `phr@10` (hr of a shopper's basket),
`ndcg@10_full` (the ideal list holds the whole truth), `ndcg@10_cut` (the ideal list ends at k too).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 500
BATCH = 10  # resamples in memory at once
Ranks = NDArray[np.float64]
"""Of each item of the truth, 1 for the best; a half where items tie, inf where it is not ranked."""
Measure = Callable[[Ranks], float]
Estimate = dict[str, float]
Metrics = dict[str, Estimate]


class Ranked(NamedTuple):
    """An answer, best first. scores fall with it; equal scores are ties, no scores mean no ties."""

    items: NDArray[np.int32]
    scores: NDArray[np.floating] | None = None


def top(scores: NDArray[np.floating], k: int) -> Ranked:
    """The k best of all items that score above 0, and whatever ties with the last of them."""
    k = min(k, len(scores))
    least = np.partition(scores, -k)[-k] if k else 0.0
    items = np.flatnonzero((scores >= least) & (scores > 0))
    items = items[np.argsort(-scores[items], kind="stable")]
    return Ranked(items.astype(np.int32), scores[items])


def ranks(answer: Ranked, truth: NDArray[np.int32]) -> Ranks:
    """Where the answer has each item of the truth; those that tie share the mean of their ranks."""
    places = np.arange(1.0, len(answer.items) + 1)
    if answer.scores is not None:
        first = np.searchsorted(-answer.scores, -answer.scores, side="left")
        last = np.searchsorted(-answer.scores, -answer.scores, side="right")
        places = (first + 1 + last) / 2
    found = np.full(len(truth), np.inf)
    if len(answer.items):
        same = truth[:, None] == answer.items
        listed = same.any(axis=1)
        found[listed] = places[same[listed].argmax(axis=1)]
    return found


def measure(name: str) -> Measure:
    """The measure that a name says. KeyError for any other name."""
    kind, _, rest = name.partition("@")
    k, _, ideal = rest.partition("_")
    at_k = MEASURES[f"{kind}_{ideal}" if ideal else kind]
    return lambda found: at_k(found, int(k))


def depth(name: str) -> int:
    """How many places of an answer the measure of that name looks at."""
    return int(name.partition("@")[2].partition("_")[0])


def hit(found: Ranks, k: int) -> float:
    """1 where any of the truth is among the first k."""
    return float((found <= k).any())


def recall(found: Ranks, k: int) -> float:
    """Share of the truth that is among the first k."""
    return float((found <= k).mean())


def reciprocal_rank(found: Ranks, k: int) -> float:
    """1 / rank of the first of the truth, 0 behind k."""
    return float(1 / found.min()) if hit(found, k) else 0.0


def ndcg_full(found: Ranks, k: int) -> float:
    """Discounted gain over that of a list that begins with the whole truth, however long."""
    return _gain(found[found <= k]) / _gain(np.arange(1, len(found) + 1))


def ndcg_cut(found: Ranks, k: int) -> float:
    """Discounted gain over the best that k places allow."""
    return _gain(found[found <= k]) / _gain(np.arange(1, min(len(found), k) + 1))


def _gain(at: NDArray[np.floating] | NDArray[np.integer]) -> float:
    return float((1 / np.log2(at + 1)).sum())


MEASURES: dict[str, Callable[[Ranks, int], float]] = {
    "hr": hit,
    "phr": hit,
    "recall": recall,
    "mrr": reciprocal_rank,
    "ndcg_full": ndcg_full,
    "ndcg_cut": ndcg_cut,
}


def estimate(values: Sequence[float], seed: int) -> Estimate:
    """Mean with the 2.5 % and 97.5 % points of its bootstrap distribution."""
    from scipy.stats import bootstrap

    sample = np.asarray(values, np.float64)
    mean = low = high = sample.mean()
    if len(sample) > 1:
        rng = np.random.default_rng(seed)
        found = bootstrap(
            (sample,), np.mean, n_resamples=RESAMPLES, batch=BATCH, method="percentile", rng=rng
        )
        low, high = found.confidence_interval
    return {"value": float(mean), "low": float(low), "high": float(high)}
