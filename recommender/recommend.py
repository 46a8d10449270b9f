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
from recommender.candidates import NO_ANCHOR, Board, Ranking, blend
from recommender.explain import Reason, explain
from recommender.merchandise_plan import NO_RULES, Merchandise, Plan
from recommender.merchandising import AnyRule
from recommender.placements import POPULAR, Recipe, courses
from recommender.request import Request, Situation
from recommender.shelf import Shelf


class Pick(NamedTuple):
    """One product of an answer. item: its row; score between 0 and 1, comparable within one answer."""

    item: int
    score: float
    source: str
    reason: Reason


Allowed = NDArray[np.bool_]  # (n_items); what is in the answer already is taken out as it goes
PINNED = Reason("pinned", "Picked by the shop", {})


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
    def _board(self) -> Board:
        return Board(len(self.bundle.tables.products))

    @cached_property
    def merchandise(self) -> Merchandise:
        return Merchandise(self.rules, self.bundle.tables, self.shelf)

    def recommend(self, request: Request, k: int, visitor: str | None = None) -> list[Pick]:
        """The best k products for a request, best first; fewer only where fewer may be shown.

        visitor: whose answers a rotation rule varies from day to day.
        """
        situation = Situation(request, self.bundle)
        plan = self.merchandise.plan(request.placement, request.now, visitor)
        allowed = self._allowed(situation, plan)
        pinned = self._pinned(plan, allowed, k)
        picks = list(pinned.values())
        for recipe in self.courses[request.placement]:
            if len(picks) < k:
                picks += self._pick(situation, plan, allowed, recipe, k - len(picks), picks)
        if len(picks) < k:
            picks += self._anything(situation, plan, allowed, k - len(picks), picks)
        return _seated(picks, list(pinned)) if pinned else picks

    def _pinned(self, plan: Plan, allowed: Allowed, k: int) -> dict[int, Pick]:
        """Position (from 0) -> the product pinned to it, where that may be shown."""
        return {
            position: Pick(item, 1.0, "pinned", PINNED)
            for position, item in plan.pins
            if position < k and allowed[item]
        }

    def _pick(
        self, situation: Situation, plan: Plan, allowed: Allowed, recipe: Recipe, k: int, taken: list[Pick]
    ) -> list[Pick]:
        """The best k of what the recipe's sources propose."""
        allowed[_items(taken)] = False
        asked = [(source, source.propose(situation)) for source in recipe]
        for source, proposal in asked:
            self.observe(source.name, len(proposal.items))
        heard = [(source, proposal) for source, proposal in asked if len(proposal.items)]
        if not heard:
            return []
        recipe, proposals = zip(*heard, strict=True)
        pool = blend(proposals, [source.weight for source in recipe], allowed, self._board)
        ranking = arrange(pool.best(k if plan is NO_RULES else None), plan, k, _items(taken))
        evidence = pool.evidence(ranking.items)
        return [
            Pick(item, score, name := recipe[which].name, explain(situation, name, item, anchor, count))
            for item, score, (which, anchor, count) in zip(
                ranking.items.tolist(), ranking.scores.tolist(), evidence, strict=True
            )
        ]

    def may_show(self, items: NDArray[np.int32], situation: Situation) -> NDArray[np.bool_]:
        """Which items are offered, in stock, not hidden from this answer and within the request's filters."""
        return self._allowed(situation, NO_RULES)[items]

    def _allowed(self, situation: Situation, plan: Plan) -> Allowed:
        request, tables, shelf = situation.request, self.bundle.tables, self.shelf
        allowed = (shelf.sellable if request.in_stock else shelf.offered).copy()
        situation.hide(allowed)
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
        self, situation: Situation, plan: Plan, allowed: Allowed, k: int, taken: list[Pick]
    ) -> list[Pick]:
        """Narrow filters: look through every product, most popular first."""
        allowed[_items(taken)] = False
        popular = self.bundle.tables.popular
        places = allowed[popular.items].nonzero()[0]
        left = Ranking(popular.items[places], np.zeros(len(places)))
        counts = dict(zip(left.items.tolist(), popular.counts[places].tolist(), strict=True))
        return [
            Pick(item, 0.0, POPULAR.name, explain(situation, POPULAR.name, item, NO_ANCHOR, counts[item]))
            for item in arrange(left, plan, k, _items(taken)).items.tolist()
        ]


def _seated(picks: list[Pick], positions: list[int]) -> list[Pick]:
    """The first picks, which are pinned, at their positions; the others in between, in their order."""
    answer = picks[len(positions) :]
    for position, pick in zip(positions, picks, strict=False):
        answer.insert(position, pick)
    return answer


def _items(picks: Sequence[Pick]) -> list[int]:
    return [pick.item for pick in picks]
