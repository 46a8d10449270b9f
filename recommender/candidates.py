"""Products that a source proposes, and how the proposals of several sources become one ranking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender import kernels
from recommender.kernels import NOBODY as NO_ANCHOR
from recommender.kernels import Flags, Floats, Ints
from recommender.tables import Neighbours

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
        return cls(items, scores, np.full(len(items), NO_ANCHOR, np.int32), counts)

    @classmethod
    def room(cls, n: int) -> Candidates:
        """Place for n proposals, to be written by a kernel."""
        return cls(
            np.empty(n, np.int32), np.empty(n, np.float32), np.empty(n, np.int32), np.empty(n, np.int32)
        )

    @property
    def columns(self) -> tuple[Ints, Floats, Ints, Ints]:
        """As kernels take them: they know no names."""
        return self.items, self.scores, self.anchors, self.counts

    def first(self, n: int) -> Candidates:
        items, scores, anchors, counts = self
        return Candidates(items[:n], scores[:n], anchors[:n], counts[:n])

    def where(self, keep: NDArray[np.bool_]) -> Candidates:
        return Candidates(self.items[keep], self.scores[keep], self.anchors[keep], self.counts[keep])


NOTHING = Candidates.room(0)


def neighbours_of(
    table: Neighbours, anchors: Sequence[int], weights: Sequence[float], at_most: int = 1 << 30
) -> Candidates:
    """The partners of several anchors, of each the strongest, each anchor's weighted as given."""
    if not anchors:
        return NOTHING
    if len(anchors) == 1 and weights[0] == 1.0:
        items, scores, together = table.of(anchors[0], at_most)
        return Candidates(items, scores, np.full(len(items), anchors[0], np.int32), together)
    found = Candidates.room(len(anchors) * min(table.widest, at_most))
    return found.first(
        kernels.gather(
            table.columns, np.array(anchors), np.array(weights, np.float64), at_most, found.columns
        )
    )


def concatenate(proposals: Sequence[Candidates]) -> Candidates:
    """All proposals in one, in the order given."""
    columns = zip(*proposals, strict=True)
    items, scores, anchors, counts = (np.concatenate(next(columns)) for _ in range(4))
    return Candidates(items, scores, anchors, counts)


class Ranking(NamedTuple):
    """Distinct items, best first. scores: between 0 and 1; of what speaks loudest for each: which source,
    which product (or -1), and the count behind it. All int32 but the scores, float32."""

    items: Ints
    scores: Floats
    sources: Ints
    anchors: Ints
    counts: Ints

    @classmethod
    def room(cls, n: int) -> Ranking:
        """Place for n items, to be written by a kernel."""
        whole = np.empty((4, n), np.int32)
        return cls(whole[0], np.empty(n, np.float32), whole[1], whole[2], whole[3])

    @property
    def columns(self) -> tuple[Ints, Floats, Ints, Ints, Ints]:
        """As kernels take them: they know no names."""
        return self.items, self.scores, self.sources, self.anchors, self.counts

    def only(self, places: NDArray[np.int64] | slice) -> Ranking:
        items, scores, sources, anchors, counts = self
        return Ranking(items[places], scores[places], sources[places], anchors[places], counts[places])


def blend(
    proposals: Sequence[Candidates], weights: Sequence[float], allowed: Flags, k: int | None = None
) -> Ranking:
    """Add up what the sources say, each scaled so that its best allowed item counts its weight.

    allowed: (n_items). The k best items, or all; an item's score is 1 where every source that proposes
    anything has it first.
    """
    starts = [0]
    for proposal in proposals:
        starts.append(starts[-1] + len(proposal.items))
    everything = proposals[0] if len(proposals) == 1 else concatenate(proposals)
    ranking = Ranking.room(starts[-1] if k is None else min(k, starts[-1]))
    speakers = np.array(starts), np.array(weights, np.float64)
    found = kernels.rank(everything.columns, *speakers, allowed, ranking.columns)
    return ranking if found == len(ranking.items) else ranking.only(slice(found))
