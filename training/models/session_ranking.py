"""Trees that order what a visit looks at next, learned from visits later than those of the model."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from recommender.arrays.dtypes import Float64s
from recommender.arrays.tables import Sessions
from recommender.kernels.trees import Trees
from recommender.kernels.visit import KindColumns
from recommender.sources.cart import prior
from recommender.sources.session import head_of_visit
from training.measure.metrics import is_better
from training.models.boosting import Boosting, Lists, boost

VISIT_BOOSTING = Boosting(trees=45, ridge=10.0)
FEWEST_LISTS = 400  # to learn from, and half as many to choose on: with fewer, trees learn noise
NEGATIVES = 30  # of each list, drawn at random


class Look(NamedTuple):
    """A view in a visit: the distinct products before it, newest first, and the product itself."""

    viewed: list[int]
    item: int


def fit_visit_trees(learning: Lists, judging: Lists, seed: int) -> Trees:
    """What is to be added to the logarithm of each candidate's share; none where that does not clearly raise
    MRR@20 on `judging`, from later visits than `learning`."""
    if learning.n_lists < FEWEST_LISTS or judging.n_lists < FEWEST_LISTS / 2:
        return Trees.none()
    with_trees, without = (reciprocal_ranks(each, judging) for each in (_grown(learning, seed), Trees.none()))
    return _grown(learning.joined(judging), seed) if is_better(with_trees, without) else Trees.none()


def _grown(lists: Lists, seed: int) -> Trees:
    rng = np.random.default_rng(seed)
    share = NEGATIVES / np.bincount(lists.group)[lists.group]
    sample = lists.where((lists.wanted > 0) | (rng.random(len(lists.group)) < share))
    return boost(sample, VISIT_BOOSTING, rng, prior(sample.rows))


def lists_of_looks(looks: Iterable[Look], sessions: Sessions, kinds: KindColumns) -> Lists:
    """The candidates of each look; one whose product is not among them teaches nothing."""
    rows, hits = [], []
    for look in looks:
        head = head_of_visit(sessions, kinds, look.viewed)
        if (hit := head.items == look.item).any():
            rows.append(head.features)
            hits.append(hit)
    return Lists.of(rows, hits)


def reciprocal_ranks(trees: Trees, lists: Lists) -> Float64s:
    """(n_lists): of the product that was viewed, 0 behind 20; ties count at their middle rank."""
    scores = trees.score(lists.rows, prior(lists.rows))
    wanted = scores[lists.wanted > 0][lists.group]
    starts = np.flatnonzero(np.diff(lists.group, prepend=-1))
    ranks = (1 + np.add.reduceat((scores > wanted) + 1.0 * (scores >= wanted), starts)) / 2
    return np.where(ranks <= 20, 1 / ranks, 0.0)
