"""Products that a source proposes, and how the proposals of several sources become one ranking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from recommender.arrays.dtypes import Bools, Float32s, Float64s, Int32s, Int64s
from recommender.arrays.id_map import NO_ROW
from recommender.arrays.tables import Neighbours
from recommender.kernels.ranking import SOURCE_COUNTS, CandidateColumns, Variants, gather, rank


class Candidates(NamedTuple):
    """Proposals of one source. items int32; scores float32, comparable within the source; anchors int32, the
    item that is the reason for it, or NO_ROW; counts int32, the evidence (buyers of both, orders, buyers
    ...).

    An item may occur more than once: its scores add up, and where the sum is not above 0 it is not proposed.
    """

    items: Int32s
    scores: Float32s
    anchors: Int32s
    counts: Int32s

    @classmethod
    def none(cls) -> Candidates:
        return NO_CANDIDATES

    @classmethod
    def unanchored(cls, items: Int32s, scores: Float32s, counts: Int32s) -> Candidates:
        n = len(items)
        anchors = NO_ANCHORS[:n] if n <= len(NO_ANCHORS) else np.full(n, NO_ROW, np.int32)
        return cls(items, scores, anchors, counts)

    @classmethod
    def written(cls, columns: CandidateColumns, n: int) -> Candidates:
        """The first n of what a kernel has written."""
        items, scores, anchors, counts = columns
        return cls(items[:n], scores[:n], anchors[:n], counts[:n])

    @property
    def columns(self) -> CandidateColumns:
        """As kernels take them."""
        return self.items, self.scores, self.anchors, self.counts

    def where(self, keep: Bools) -> Candidates:
        return Candidates(self.items[keep], self.scores[keep], self.anchors[keep], self.counts[keep])


def room(n: int) -> CandidateColumns:
    """Empty columns for n candidates, for a kernel to write."""
    return np.empty(n, np.int32), np.empty(n, np.float32), np.empty(n, np.int32), np.empty(n, np.int32)


NO_ANCHORS = np.full(1_000, NO_ROW, np.int32)  # most sources without anchors propose fewer
NO_ANCHORS.flags.writeable = False
NO_CANDIDATES = Candidates(*room(0))
NO_VARIANTS: Variants = (
    NO_CANDIDATES.items,
    np.zeros(1, np.int64),
    NO_CANDIDATES.items,
    NO_CANDIDATES.items,
    NO_CANDIDATES.items,
    NO_CANDIDATES.items,
    0,
)  # of a shop whose products all stand alone
PADDING = {
    n: (NO_CANDIDATES.columns,) * (min(more for more in SOURCE_COUNTS if more >= n) - n)
    for n in range(1, max(SOURCE_COUNTS) + 1)
}  # empty proposals, up to a number of sources that the kernel takes


def neighbours_of(
    table: Neighbours, anchors: Sequence[int] | Int32s, weights: Sequence[float], at_most: int = 1 << 30
) -> Candidates:
    """The `at_most` strongest partners of each anchor, with its weights times the anchor's."""
    if not len(anchors):
        return NO_CANDIDATES
    if len(anchors) == 1 and weights[0] == 1.0:
        items, scores, together = table.of(anchors[0], at_most)
        return Candidates(items, scores, np.full(len(items), anchors[0], np.int32), together)
    out, rows = room(len(anchors) * min(table.widest, at_most)), np.asarray(anchors, np.int32)
    n = gather(table.columns, rows, np.array(weights, np.float64), at_most, out)
    return Candidates.written(out, n)


def concatenate(proposals: Sequence[Candidates]) -> Candidates:
    """All proposals in one, in the order given."""
    columns = zip(*proposals, strict=True)
    items, scores, anchors, counts = (np.concatenate(next(columns)) for _ in range(4))
    return Candidates(items, scores, anchors, counts)


class RankingLists(NamedTuple):
    """A ranking as lists."""

    items: list[int]
    sources: list[int]
    anchors: list[int]
    counts: list[int]
    scores: list[float]


class BlendedRanking(NamedTuple):
    """Distinct items, best first.

    columns: (4, n) int32: the items, and of the candidate that counts most for each its source (by position),
    its anchor or NO_ROW, and its count; scores: (n) float32 between 0 and 1.
    """

    columns: Int32s
    scores: Float32s

    @classmethod
    def room(cls, n: int) -> BlendedRanking:
        """Room for n items, for a kernel to write."""
        return cls(np.empty((4, n), np.int32), np.empty(n, np.float32))

    @property
    def items(self) -> Int32s:
        items: Int32s = self.columns[0]
        return items

    def only(self, positions: Int64s | slice) -> BlendedRanking:
        return BlendedRanking(self.columns[:, positions], self.scores[positions])

    def lists(self) -> RankingLists:
        items, sources, anchors, counts = self.columns.tolist()
        return RankingLists(items, sources, anchors, counts, self.scores.tolist())


def blend(
    proposals: Sequence[Candidates],
    weights: Float64s,
    allowed: Bools,
    hidden: Int32s,
    k: int | None = None,
    variants: Variants = NO_VARIANTS,
) -> BlendedRanking:
    """The k best items of several sources, or all, each source scaled so that its best allowed item counts
    its weight.

    proposals: of at most five sources, with their weights; allowed: (n_items), writable, unchanged
    afterwards; hidden: items that are not allowed this time; variants: of each product the one to show. A
    score is 1 where every source with candidates has the item first.
    """
    columns: tuple[Any, ...] = tuple([proposal.columns for proposal in proposals]) + PADDING[len(proposals)]
    room_for = k if k is not None else sum([len(proposal.items) for proposal in proposals])
    ranking = BlendedRanking.room(room_for)
    n = rank(columns, weights, allowed, hidden, variants, ranking.columns, ranking.scores)
    return ranking if n == room_for else ranking.only(slice(n))
