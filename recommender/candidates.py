"""Products that a source proposes, and how the proposals of several sources become one ranking."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.tables import Neighbours

NO_ANCHOR = -1
SPARE = 6  # so often, at most, the best items usually stand in a pool
LITTLE = np.float32(0.001)

Floats = NDArray[np.float32]


class Candidates(NamedTuple):
    """Proposals of one source. items int32; scores float32, comparable within the source; anchors int32, the
    item that speaks for it, or -1; counts int32, the evidence (buyers of both, orders, buyers ...).

    repeated: an item may stand more than once; its scores add up, and below 0 it is not proposed.
    ordered: the best is first, and each stands once.
    """

    items: NDArray[np.int32]
    scores: Floats
    anchors: NDArray[np.int32]
    counts: NDArray[np.int32]
    repeated: bool = False
    ordered: bool = False

    @classmethod
    def none(cls) -> Candidates:
        return NOTHING

    @classmethod
    def unanchored(cls, items: NDArray[np.int32], scores: Floats, counts: NDArray[np.int32]) -> Candidates:
        return cls(items, scores, np.full(len(items), NO_ANCHOR, np.int32), counts)

    def where(self, keep: NDArray[np.bool_]) -> Candidates:
        return Candidates(
            self.items[keep],
            self.scores[keep],
            self.anchors[keep],
            self.counts[keep],
            self.repeated,
            self.ordered,
        )


_EMPTY = np.empty(0, np.int32)
NOTHING = Candidates(_EMPTY, np.empty(0, np.float32), _EMPTY, _EMPTY)


def neighbours_of(
    table: Neighbours, anchors: Sequence[int], weights: Sequence[float], at_most: int = 1 << 30
) -> Candidates:
    """The partners of several anchors, of each the strongest, each anchor's weighted as given."""
    if not anchors:
        return NOTHING
    rows = [table.of(anchor, at_most) for anchor in anchors]
    if len(rows) == 1:
        (items, scores, together), (weight,) = rows[0], weights
        scores = scores if weight == 1.0 else scores * np.float32(weight)
        return Candidates(items, scores, np.full(len(items), anchors[0], np.int32), together, ordered=True)
    sizes = [len(row.items) for row in rows]
    items, scores, together = map(np.concatenate, zip(*rows, strict=True))
    scores = scores * np.array(weights, np.float32).repeat(sizes)
    return Candidates(items, scores, np.array(anchors, np.int32).repeat(sizes), together, repeated=True)


def concatenate(proposals: Sequence[Candidates]) -> Candidates:
    """All proposals in one, in the order given."""
    columns = zip(*proposals, strict=True)
    items, scores, anchors, counts = (np.concatenate(next(columns)) for _ in range(4))
    return Candidates(items, scores, anchors, counts, repeated=True)


class Board:
    """Adds scores up by item, in a time that does not depend on how many items there are.

    Holds a number for each item, 0 between calls: not for two threads at once.
    """

    def __init__(self, n_items: int) -> None:
        self._sums = np.zeros(n_items, np.float32)

    def totals(self, items: NDArray[np.int32], scores: Floats) -> Floats:
        """For each place the sum of the scores of all places with its item."""
        np.add.at(self._sums, items, scores)
        totals = self._sums[items]
        self._sums[items] = 0.0
        return totals


class Ranking(NamedTuple):
    """Distinct items, best first; scores between 0 and 1."""

    items: NDArray[np.int32]
    scores: NDArray[np.floating]


class Evidence(NamedTuple):
    """What speaks for an item: which source, which product (or -1), and the count behind it."""

    source: int
    anchor: int
    figure: int


class Pool(NamedTuple):
    """The votes of several sources, one proposal behind the other.

    items int32; totals float32, all votes for the item, the same wherever it stands; loudness float32, what
    the place's source says of the item, and a little what the place does. starts: where each proposal begins.
    """

    proposals: Sequence[Candidates]
    items: NDArray[np.int32]
    totals: Floats
    loudness: Floats
    starts: Sequence[int]

    def best(self, k: int | None = None) -> Ranking:
        """The k best items, or all of them; none without votes."""
        # Sorted whole: to part off the best is slower where many are equal, as all are that may not be shown.
        order = (-self.totals).argsort(kind="stable")[: SPARE * k if k is not None else None]
        found: dict[int, float] = {}
        for item, total in zip(self.items[order].tolist(), self.totals[order].tolist(), strict=True):
            if total <= 0 or len(found) == k:
                break
            found[item] = total
        if k is not None and len(found) < k and len(order) < len(self.items) and self.totals[order[-1]] > 0:
            everything = self.best()
            return Ranking(everything.items[:k], everything.scores[:k])
        return Ranking(np.array(list(found), np.int32), np.array(list(found.values())))

    def evidence(self, items: NDArray[np.int32]) -> list[Evidence]:
        """For each of these items, what speaks loudest for it."""
        if not len(items):
            return []
        places = (self.loudness * (items[:, None] == self.items)).argmax(axis=1).tolist()
        return [self._evidence(place) for place in places]

    def _evidence(self, place: int) -> Evidence:
        source = bisect_right(self.starts, place) - 1
        proposal, place = self.proposals[source], place - self.starts[source]
        return Evidence(source, proposal.anchors.item(place), proposal.counts.item(place))


class Line(NamedTuple):
    """One proposal, in order already: there is nothing to add up. As a `Pool` to its users."""

    proposal: Candidates
    allowed: NDArray[np.bool_]

    def best(self, k: int | None = None) -> Ranking:
        """The first k that are allowed, or all of them."""
        items, scores, allowed = self.proposal.items, self.proposal.scores, self.allowed
        places: list[int] = []
        for place, item in enumerate(items.tolist()):
            if len(places) == k:
                break
            if allowed[item]:
                places.append(place)
        if not places:
            return Ranking(items[:0], scores[:0])
        found = scores[places]
        above = int((found > 0).sum())
        return Ranking(items[places[:above]], found[:above] / max(found[0], np.float32(1e-12)))

    def evidence(self, items: NDArray[np.int32]) -> list[Evidence]:
        """For each of these items, what speaks for it."""
        standing, anchors, counts = self.proposal.items.tolist(), self.proposal.anchors, self.proposal.counts
        places = [standing.index(item) for item in items.tolist()]
        return [Evidence(0, anchors.item(place), counts.item(place)) for place in places]


def blend(
    proposals: Sequence[Candidates], weights: Sequence[float], allowed: NDArray[np.bool_], board: Board
) -> Pool | Line:
    """Add up what the sources say, each scaled so that its best allowed item counts its weight.

    allowed: (n_items). An item's total is 1 where every source that proposes anything has it first.
    """
    if len(proposals) == 1 and proposals[0].ordered:
        return Line(proposals[0], allowed)
    starts, votes, loudness, heard = [0], list[Floats](), list[Floats](), 0.0
    for proposal, weight in zip(proposals, weights, strict=True):
        scores = said = proposal.scores * allowed[proposal.items]
        if proposal.repeated:
            said = np.maximum(board.totals(proposal.items, scores), 0.0)
            scores = scores * (said > 0)
        peak = said.max(initial=0.0).item()
        share = np.float32(weight / peak if peak > 0 else 0.0)
        heard += weight if peak > 0 else 0.0
        votes.append(scores * share)
        loudness.append(said * share + LITTLE * votes[-1] if proposal.repeated else votes[-1])
        starts.append(starts[-1] + len(scores))
    items, voted = np.concatenate([proposal.items for proposal in proposals]), np.concatenate(votes)
    totals = board.totals(items, voted) if len(proposals) > 1 else said * share
    return Pool(proposals, items, totals / np.float32(heard or 1.0), np.concatenate(loudness), starts)
