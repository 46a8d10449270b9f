"""Products that a source proposes, and how the proposals of several sources become one ranking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.tables import Neighbours
from recommender.kernels import ranking as kernels
from recommender.kernels.ranking import NOBODY as NO_ANCHOR
from recommender.kernels.ranking import Flags, Floats, Ints, Proposals, Rates

__all__ = ["NO_ANCHOR", "Candidates", "Ranking", "blend", "concatenate", "neighbours_of"]


class Candidates(NamedTuple):
    """Proposals of one source. items int32; scores float32, comparable within the source; anchors int32, the
    item that speaks for it, or -1; counts int32, the evidence (buyers of both, orders, buyers ...).

    An item may stand more than once: its scores add up, and where the sum is not above 0 it is not proposed.
    """

    items: Ints
    scores: Floats
    anchors: Ints
    counts: Ints

    @classmethod
    def none(cls) -> Candidates:
        return NOTHING

    @classmethod
    def unanchored(cls, items: Ints, scores: Floats, counts: Ints) -> Candidates:
        n = len(items)
        return cls(items, scores, NOBODIES[:n] if n <= MANY else np.full(n, NO_ANCHOR, np.int32), counts)

    @classmethod
    def written(cls, columns: Proposals, n: int) -> Candidates:
        """The first n of what a kernel has written."""
        items, scores, anchors, counts = columns
        return cls(items[:n], scores[:n], anchors[:n], counts[:n])

    @property
    def columns(self) -> Proposals:
        """As kernels take them."""
        return self.items, self.scores, self.anchors, self.counts

    def where(self, keep: NDArray[np.bool_]) -> Candidates:
        return Candidates(self.items[keep], self.scores[keep], self.anchors[keep], self.counts[keep])


def room(n: int) -> Proposals:
    """Place for n proposals, to be written by a kernel: they know no names."""
    return np.empty(n, np.int32), np.empty(n, np.float32), np.empty(n, np.int32), np.empty(n, np.int32)


MANY = 1_000
NOBODIES = np.full(MANY, NO_ANCHOR, np.int32)
NOBODIES.flags.writeable = False
NOTHING = Candidates(*room(0))
FILLED_UP = (NOTHING.columns,) * max(kernels.SOURCES)


def neighbours_of(
    table: Neighbours, anchors: Sequence[int] | Ints, weights: Sequence[float], at_most: int = 1 << 30
) -> Candidates:
    """The partners of several anchors, of each the strongest, each anchor's weighted as given."""
    if not len(anchors):
        return NOTHING
    if len(anchors) == 1 and weights[0] == 1.0:
        items, scores, together = table.of(anchors[0], at_most)
        return Candidates(items, scores, np.full(len(items), anchors[0], np.int32), together)
    found, rows = room(len(anchors) * min(table.widest, at_most)), np.asarray(anchors, np.int32)
    n = kernels.gather(table.columns, rows, np.array(weights, np.float64), at_most, found)
    return Candidates.written(found, n)


def concatenate(proposals: Sequence[Candidates]) -> Candidates:
    """All proposals in one, in the order given."""
    columns = zip(*proposals, strict=True)
    items, scores, anchors, counts = (np.concatenate(next(columns)) for _ in range(4))
    return Candidates(items, scores, anchors, counts)


class Ranking(NamedTuple):
    """Distinct items, best first.

    told: (4, n) int32: the items, and of what speaks loudest for each which source it is, which product (or
    -1) and the count behind it; scores: (n) float32 between 0 and 1.
    """

    told: NDArray[np.int32]
    scores: Floats

    @classmethod
    def room(cls, n: int) -> Ranking:
        """Place for n items, to be written by a kernel."""
        return cls(np.empty((4, n), np.int32), np.empty(n, np.float32))

    @property
    def items(self) -> Ints:
        items: Ints = self.told[0]
        return items

    def only(self, places: NDArray[np.int64] | slice) -> Ranking:
        return Ranking(self.told[:, places], self.scores[places])

    def lists(self) -> tuple[list[int], list[int], list[int], list[int], list[float]]:
        """Items, sources, products, counts, scores."""
        items, sources, anchors, counts = self.told.tolist()
        return items, sources, anchors, counts, self.scores.tolist()


def blend(
    proposals: Sequence[Candidates], weights: Rates, allowed: Flags, hidden: Ints, k: int | None = None
) -> Ranking:
    """Add up what the sources say, each scaled so that its best allowed item counts its weight.

    proposals: of at most four sources, with their weights; allowed: (n_items), writable, the same
    again afterwards; hidden: items that are not allowed this time. The k best items, or all; an item's score
    is 1 where every source that proposes anything has it first.
    """
    said: tuple[Any, ...] = tuple([proposal.columns for proposal in proposals])
    if len(said) not in kernels.SOURCES:
        said += FILLED_UP[len(said) :]
    n = k if k is not None else sum([len(proposal.items) for proposal in proposals])
    told, scores = ranking = Ranking.room(n)
    found = kernels.rank(said, weights, allowed, hidden, told, scores)
    return ranking if found == len(scores) else ranking.only(slice(found))
