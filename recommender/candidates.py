"""Products that a source proposes, and how the proposals of several sources become one ranking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.tables import Neighbours

NO_ANCHOR = -1


class Candidates(NamedTuple):
    """Proposals of one source; an item may stand more than once.

    items int32; scores float32, comparable within the source, an item's sum above 0; anchors int32, the item
    that speaks for it, or -1; counts int32, the evidence (buyers of both, orders, buyers ...).
    """

    items: NDArray[np.int32]
    scores: NDArray[np.float32]
    anchors: NDArray[np.int32]
    counts: NDArray[np.int32]

    @classmethod
    def none(cls) -> Candidates:
        empty = np.empty(0, np.int32)
        return cls(empty, np.empty(0, np.float32), empty, empty)

    @classmethod
    def unanchored(
        cls, items: NDArray[np.int32], scores: NDArray[np.float32], counts: NDArray[np.int32]
    ) -> Candidates:
        return cls(items, scores, np.full(len(items), NO_ANCHOR, np.int32), counts)

    def where(self, keep: NDArray[np.bool_]) -> Candidates:
        return Candidates(self.items[keep], self.scores[keep], self.anchors[keep], self.counts[keep])


def neighbours_of(table: Neighbours, anchors: Sequence[int], weights: Sequence[float]) -> Candidates:
    """The partners of several anchors, each anchor's weighted as given."""
    if not anchors:
        return Candidates.none()
    rows = [table.of(anchor) for anchor in anchors]
    sizes = [len(row.items) for row in rows]
    return Candidates(
        np.concatenate([row.items for row in rows]),
        np.concatenate([row.weights for row in rows]) * np.repeat(np.array(weights, np.float32), sizes),
        np.repeat(np.array(anchors, np.int32), sizes),
        np.concatenate([row.together for row in rows]),
    )


def concatenate(proposals: Sequence[Candidates]) -> Candidates:
    """All proposals in one, in the order given."""
    return Candidates(*map(np.concatenate, zip(*proposals, strict=True)))


class Ranking(NamedTuple):
    """Distinct items, best first. source: row of the proposal that speaks loudest for each."""

    items: NDArray[np.int32]
    scores: NDArray[np.float64]
    source: NDArray[np.int64]


def blend(proposals: Sequence[Candidates], weights: Sequence[float]) -> Ranking:
    """Add up what the sources say, each scaled so that its best item counts its weight.

    Scores lie between 0 and 1: 1 where every source with a proposal has the item first.
    """
    pool = concatenate(proposals)
    items, which = np.unique(pool.items, return_inverse=True)
    source = np.repeat(np.arange(len(proposals)), [len(proposal.items) for proposal in proposals])
    shape = len(proposals), len(items)
    votes = np.bincount(source * shape[1] + which, pool.scores, shape[0] * shape[1]).reshape(shape)
    peaks = votes.max(axis=1, initial=0.0, keepdims=True)
    heard = np.where(peaks > 0, np.reshape(weights, (-1, 1)), 0.0)
    votes = votes * (heard / np.maximum(peaks, 1e-12))
    totals = votes.sum(axis=0) / max(heard.sum(), 1e-12)
    order = np.argsort(-totals, kind="stable")
    return Ranking(items[order], totals[order], votes.argmax(axis=0)[order])
