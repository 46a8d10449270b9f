"""The recommendation, whole: candidates, eligibility, ranking, the merchant's rules, reasons."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from recommender.arrays.id_map import REMEMBERED
from recommender.context.request import Request, Situation
from recommender.kernels.ranking import Flags
from recommender.merchandising.compiled_rules import NO_RULES, Merchandise, Plan
from recommender.merchandising.rerank import arrange
from recommender.merchandising.rules import AnyRule
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from recommender.placements import POPULAR, Stage, stages
from recommender.reasons.explain import OF_PRODUCTS, REASONS, Reason, reason_of, told
from recommender.sources.candidates import NO_ANCHOR, Ranking, blend


class Pick(msgspec.Struct, frozen=True, gc=False):
    """One product of an answer. item: its row; score between 0 and 1, comparable within one answer; told: the
    JSON of its reason."""

    item: int
    score: float
    source: str
    told: str

    @property
    def reason(self) -> Reason:
        """Why it is shown."""
        return reason_of(self.told)


PINNED = told("pinned", "Picked by the shop")


def _nobody(_sources: tuple[str, ...], _proposed: Sequence[int]) -> None:
    return None


@dataclass(frozen=True)
class Recommender:
    """A model version over the shelf as it is now. `observe` hears how many products sources proposed."""

    bundle: Bundle
    shelf: Availability
    observe: Callable[[tuple[str, ...], Sequence[int]], None] = _nobody
    rules: Sequence[AnyRule] = ()

    @cached_property
    def stages(self) -> Mapping[str, Sequence[Stage]]:
        return stages(self.bundle.tables.blends)

    @cached_property
    def merchandise(self) -> Merchandise:
        return Merchandise(self.rules, self.bundle.tables, self.shelf)

    def recommend(self, request: Request, k: int, visitor: str | None = None) -> list[Pick]:
        """The best k products for a request, best first; fewer only where fewer may be shown.

        visitor: whose answers a rotation rule varies from day to day.
        """
        situation = Situation(request, self.bundle)
        plan = self.merchandise.plan(request.placement, request.now, visitor)
        allowed = self._allowed(request, plan)
        pinned = _pinned(plan, allowed, situation, k) if plan.pins else {}
        picks = list(pinned.values())
        for stage in self.stages[request.placement]:
            if len(picks) == k:
                break
            picks += self._pick(situation, plan, allowed, stage, k - len(picks), picks)
        if len(picks) < k:
            picks += self._anything(situation, plan, allowed, k - len(picks), picks)
        return _seated(picks, list(pinned)) if pinned else picks

    def _pick(
        self, situation: Situation, plan: Plan, allowed: Flags, stage: Stage, k: int, taken: list[Pick]
    ) -> list[Pick]:
        """The best k of what the stage's sources propose."""
        already, names, most = [pick.item for pick in taken], stage.names, k if plan is NO_RULES else None
        ranking, proposed = _blended(situation, stage, allowed, already, most)
        self.observe(names, proposed)
        items, which, anchors, counts, scores = arrange(ranking, plan, k, already).lists()
        reasons = self._reasons
        return [
            Pick(
                item,
                score,
                name := names[source],
                reasons.get((name, item, anchor, count)) or self._told(situation, name, item, anchor, count),
            )
            for item, score, source, anchor, count in zip(items, scores, which, anchors, counts, strict=True)
        ]

    @cached_property
    def _reasons(self) -> dict[tuple[str, int, int, int], str]:
        """Those that speak of products alone, whoever asks: the same few are told all day."""
        return {}

    def _told(self, situation: Situation, source: str, item: int, anchor: int, count: int) -> str:
        reason = REASONS[source](situation, item, anchor, count)
        if source in OF_PRODUCTS and anchor != NO_ANCHOR:
            if len(self._reasons) >= REMEMBERED:
                self._reasons.clear()
            self._reasons[source, item, anchor, count] = reason
        return reason

    def may_show(self, items: NDArray[np.int32], situation: Situation) -> NDArray[np.bool_]:
        """Which items are offered, in stock, not hidden from this answer and within the request's filters."""
        return self._allowed(situation.request, NO_RULES)[items] & ~np.isin(items, situation.hidden)

    def _allowed(self, request: Request, plan: Plan) -> Flags:
        """(n_items): what is on the shelf and within the filters of the request and the merchant's rules."""
        filtered = request.filtered or plan.allowed is not None
        return self._within(request, plan) if filtered else self.shelf.sellable

    def _within(self, request: Request, plan: Plan) -> Flags:
        """(n_items): what is within the filters of the request and the merchant's rules."""
        tables, shelf = self.bundle.tables, self.shelf
        allowed = (shelf.sellable if request.in_stock else shelf.offered).copy()
        if plan.allowed is not None:
            allowed &= plan.allowed
        if request.category is not None:
            category, inside = tables.categories.row(request.category), np.zeros_like(allowed)
            if category >= 0:
                inside[tables.category_popular.of(category).items] = True
            allowed &= inside
        if request.min_price is not None:
            allowed &= shelf.price >= request.min_price
        if request.max_price is not None:
            allowed &= shelf.price <= request.max_price
        return allowed

    def _anything(
        self, situation: Situation, plan: Plan, allowed: Flags, k: int, taken: list[Pick]
    ) -> list[Pick]:
        """Narrow filters: look through every product, most popular first."""
        already, popular = [pick.item for pick in taken], self.bundle.tables.popular
        hidden = np.isin(popular.items, [*situation.hidden, *already])
        places = (allowed[popular.items] & ~hidden).nonzero()[0]
        left = Ranking.room(len(places))
        left.told[0], left.told[3] = popular.items[places], popular.counts[places]
        left.told[1], left.told[2], left.scores[:] = 0, NO_ANCHOR, 0
        items, _, _, counts, _ = arrange(left, plan, k, already).lists()
        return [
            Pick(item, 0.0, POPULAR.name, REASONS[POPULAR.name](situation, item, NO_ANCHOR, count))
            for item, count in zip(items, counts, strict=True)
        ]


def _blended(
    situation: Situation, stage: Stage, allowed: Flags, already: Sequence[int], k: int | None
) -> tuple[Ranking, Sequence[int]]:
    """The k best of what the stage's sources propose, or all, and how many each proposes."""
    proposals = [source.propose(situation) for source in stage.sources]
    hidden = np.array([*situation.hidden, *already], np.int32) if already else situation.hidden
    ranking = blend(proposals, stage.weights, allowed, hidden, k)
    return ranking, [len(proposal.items) for proposal in proposals]


def _pinned(plan: Plan, allowed: Flags, situation: Situation, k: int) -> dict[int, Pick]:
    """Position (from 0) -> the product pinned to it, where that may be shown."""
    hidden = set(situation.hidden.tolist())
    return {
        position: Pick(item, 1.0, "pinned", PINNED)
        for position, item in plan.pins
        if position < k and allowed[item] and item not in hidden
    }


def _seated(picks: list[Pick], positions: list[int]) -> list[Pick]:
    """The first picks, which are pinned, at their positions; the others in between, in their order."""
    answer = picks[len(positions) :]
    for position, pick in zip(positions, picks, strict=False):
        answer.insert(position, pick)
    return answer
