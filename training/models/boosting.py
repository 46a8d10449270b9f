"""Learning to rank by LightGBM's LambdaMART, as trees that serving walks without LightGBM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.kernels.trees import Split, Trees

Numbers = NDArray[np.float64]
Rows = NDArray[np.intp]
LIGHTGBM = {
    "objective": "lambdarank",
    "max_bin": 32,
    "bagging_freq": 1,
    "bagging_by_query": True,
    "use_missing": False,  # serving knows no missing number
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,  # two lanes of training run beside each other
    "verbose": -1,
}


class Boosting(NamedTuple):
    """How to boost; `rate` and `ridge` tame each leaf, `share` of the lists grows each tree."""

    trees: int = 100
    leaves: int = 8
    rate: float = 0.1
    ridge: float = 1.0
    share: float = 0.5


class Lists(NamedTuple):
    """Candidates to be ordered. rows: (n, n_features) float32; wanted: (n) of 0 and 1; group: (n), which
    list each belongs to, ascending. Every list holds something wanted."""

    rows: NDArray[np.float32]
    wanted: Numbers
    group: Rows

    @classmethod
    def of(cls, rows: Sequence[NDArray[np.float32]], wanted: Sequence[NDArray[np.bool_]]) -> Lists:
        """rows: of each list (n, n_features); wanted: of each list (n)."""
        if not rows:
            return cls(np.empty((0, 0), np.float32), np.empty(0), np.empty(0, np.intp))
        group = np.repeat(np.arange(len(rows)), [len(hit) for hit in wanted])
        return cls(np.concatenate(rows), np.concatenate(wanted).astype(np.float64), group)

    @property
    def n_lists(self) -> int:
        """Of lists."""
        return int(self.group[-1]) + 1 if len(self.group) else 0

    def joined(self, other: Lists) -> Lists:
        """These lists and then the others."""
        if not self.n_lists or not other.n_lists:
            return self if self.n_lists else other
        return Lists(
            np.concatenate([self.rows, other.rows]),
            np.concatenate([self.wanted, other.wanted]),
            np.concatenate([self.group, other.group + self.n_lists]),
        )

    def where(self, kept: NDArray[np.bool_]) -> Lists:
        return Lists(self.rows[kept], self.wanted[kept], self.group[kept])


def boost(
    lists: Lists, how: Boosting, rng: np.random.Generator, start: NDArray[np.floating] | None = None
) -> Trees:
    """Trees whose score, added to `start` (n), puts the wanted first in each list.

    LambdaMART (Burges 2010): gains NDCG at each step, by pairs of a list that stand the wrong way round.
    """
    import lightgbm

    settings = LIGHTGBM | {
        "num_leaves": how.leaves,
        "learning_rate": how.rate,
        "lambda_l2": how.ridge,
        "bagging_fraction": how.share,
        "seed": int(rng.integers(1 << 31)),
    }
    sizes = np.unique(lists.group, return_counts=True)[1]
    rows = lightgbm.Dataset(lists.rows, lists.wanted, group=sizes, init_score=start, params=settings)
    return exported(lightgbm.train(settings, rows, how.trees).dump_model())


def exported(model: dict[str, Any]) -> Trees:
    """What LightGBM's `dump_model` tells, as serving walks it."""
    return Trees.of([_node(tree["tree_structure"]) for tree in model["tree_info"]])


def _node(told: dict[str, Any]) -> Split | float:
    if "leaf_value" in told:
        return float(told["leaf_value"])
    low, high = _node(told["left_child"]), _node(told["right_child"])
    return Split(told["split_feature"], told["threshold"], low, high)
