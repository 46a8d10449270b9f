"""The recommendation, whole: candidates, eligibility, ranking, the merchant's rules, reasons."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.arrangement import arrange
from recommender.bundle import Bundle
from recommender.candidates import NO_ANCHOR, Candidates, Ranking, blend
from recommender.eligibility import Eligible
from recommender.explain import REASONS, Reason, reason_of, told
from recommender.kernels import Flags
from recommender.merchandise_plan import NO_RULES, Merchandise, Plan
from recommender.merchandising import AnyRule
from recommender.placements import POPULAR, Recipe, Source, courses
from recommender.request import Request, Situation
from recommender.shelf import Shelf


class Pick(NamedTuple):
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


def _nobody(_source: str, _proposed: int) -> None:
    return None


@dataclass(frozen=True)
class Recommender:
    """A model version over the shelf as it is now. `observe` hears how many products each source proposed."""

    bundle: Bundle
    shelf: Shelf
    observe: Callable[[str, int], None] = _nobody
    rules: Sequence[AnyRule] = ()

    @cached_property
    def courses(self) -> Mapping[str, Sequence[Recipe]]:
        return courses(self.bundle.tables.blends)

    @cached_property
    def merchandise(self) -> Merchandise:
        return Merchandise(self.rules, self.bundle.tables, self.shelf)

    def recommend(self, request: Request, k: int, visitor: str | None = None) -> list[Pick]:
        """The best k products for a request, best first; fewer only where fewer may be shown.

        visitor: whose answers a rotation rule varies from day to day.
        """
        situation = Situation(request, self.bundle)
        plan = self.merchandise.plan(request.placement, request.now, visitor)
        eligible = self._eligible(situation, plan)
        try:
            pinned = self._pinned(plan, eligible, k)
            picks = list(pinned.values())
            for recipe in self.courses[request.placement]:
                if len(picks) < k:
                    picks += self._pick(situation, plan, eligible, recipe, k - len(picks), picks)
            if len(picks) < k:
                picks += self._anything(situation, plan, eligible, k - len(picks), picks)
        finally:
            eligible.give_back()
        return _seated(picks, list(pinned)) if pinned else picks

    def _pinned(self, plan: Plan, eligible: Eligible, k: int) -> dict[int, Pick]:
        """Position (from 0) -> the product pinned to it, where that may be shown."""
        return {
            position: Pick(item, 1.0, "pinned", PINNED)
            for position, item in plan.pins
            if position < k and eligible.mask[item]
        }

    def _pick(
        self, situation: Situation, plan: Plan, eligible: Eligible, recipe: Recipe, k: int, taken: list[Pick]
    ) -> list[Pick]:
        """The best k of what the recipe's sources propose."""
        already = [pick.item for pick in taken]
        eligible.hide(already)
        heard: list[tuple[Source, Candidates]] = []
        for source in recipe:
            proposal = source.propose(situation)
            self.observe(source.name, len(proposal.items))
            if len(proposal.items):
                heard.append((source, proposal))
        if not heard:
            return []
        sources, proposals = zip(*heard, strict=True)
        weights = [source.weight for source in sources]
        ranking = blend(proposals, weights, eligible.mask, k if plan is NO_RULES else None)
        items, which, anchors, counts, scores = arrange(ranking, plan, k, already).lists()
        return [
            Pick(item, score, name := sources[source].name, REASONS[name](situation, item, anchor, count))
            for item, score, source, anchor, count in zip(items, scores, which, anchors, counts, strict=True)
        ]

    def may_show(self, items: NDArray[np.int32], situation: Situation) -> NDArray[np.bool_]:
        """Which items are offered, in stock, not hidden from this answer and within the request's filters."""
        eligible = self._eligible(situation, NO_RULES)
        shown = eligible.mask[items]
        eligible.give_back()
        return shown

    def _eligible(self, situation: Situation, plan: Plan) -> Eligible:
        request, shelf = situation.request, self.shelf
        if request.filtered or plan.allowed is not None:
            eligible = Eligible(self._within(request, plan))
        else:
            eligible = Eligible(self._sellable, before=shelf.sellable)
        eligible.hide(situation.hidden)
        return eligible

    @cached_property
    def _sellable(self) -> Flags:
        """To be lent to one answer after another: not for two threads at once."""
        return self.shelf.sellable.copy()

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
        self, situation: Situation, plan: Plan, eligible: Eligible, k: int, taken: list[Pick]
    ) -> list[Pick]:
        """Narrow filters: look through every product, most popular first."""
        already = [pick.item for pick in taken]
        eligible.hide(already)
        popular = self.bundle.tables.popular
        places = eligible.mask[popular.items].nonzero()[0]
        left = Ranking.room(len(places))
        left.told[0], left.told[3] = popular.items[places], popular.counts[places]
        left.told[1], left.told[2], left.scores[:] = 0, NO_ANCHOR, 0
        items, _, _, counts, _ = arrange(left, plan, k, already).lists()
        return [
            Pick(item, 0.0, POPULAR.name, REASONS[POPULAR.name](situation, item, NO_ANCHOR, count))
            for item, count in zip(items, counts, strict=True)
        ]


def _seated(picks: list[Pick], positions: list[int]) -> list[Pick]:
    """The first picks, which are pinned, at their positions; the others in between, in their order."""
    answer = picks[len(positions) :]
    for position, pick in zip(positions, picks, strict=False):
        answer.insert(position, pick)
    return answer
