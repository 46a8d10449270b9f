"""The recommendation, whole: candidates, eligibility, ranking, the merchant's rules, reasons."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recommender.arrangement import arrange
from recommender.bundle import Bundle
from recommender.candidates import Candidates, Ranking, blend
from recommender.explain import Reason, explain
from recommender.merchandise_plan import Merchandise, Plan
from recommender.merchandising import AnyRule
from recommender.placements import POPULAR, Recipe, weighted
from recommender.request import Request, Situation
from recommender.shelf import Shelf
from recommender.sources import ranked


@dataclass(frozen=True, slots=True)
class Pick:
    """One product of an answer. item: its row; score between 0 and 1, comparable within one answer."""

    item: int
    score: float
    source: str
    reason: Reason


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
    def recipes(self) -> Mapping[str, Recipe]:
        return weighted(self.bundle.tables.blends)

    @cached_property
    def merchandise(self) -> Merchandise:
        return Merchandise(self.rules, self.bundle.tables, self.shelf)

    def recommend(self, request: Request, k: int, visitor: str | None = None) -> list[Pick]:
        """The best k products for a request, best first; fewer only where fewer may be shown.

        visitor: whose answers a rotation rule varies from day to day.
        """
        situation = Situation(request, self.bundle)
        plan = self.merchandise.plan(request.placement, request.now, visitor)
        pinned = self._pinned(situation, plan, k)
        picks = list(pinned.values())
        for recipe in (self.recipes[request.placement], (POPULAR,)):
            if len(picks) < k:
                picks += self._pick(situation, plan, recipe, k - len(picks), picks)
        if len(picks) < k:
            picks += self._anything(situation, plan, k - len(picks), picks)
        return _seated(picks, list(pinned)) if pinned else picks

    def _pinned(self, situation: Situation, plan: Plan, k: int) -> dict[int, Pick]:
        """Position (from 0) -> the product pinned to it, where that may be shown."""
        positions = {item: position for position, item in plan.pins if position < k}
        if not positions:
            return {}
        items = np.array(list(positions), np.int32)
        shown = items[self.may_show(items, situation)].tolist()
        return {positions[item]: Pick(item, 1.0, "pinned", PINNED) for item in shown}

    def _pick(
        self, situation: Situation, plan: Plan, recipe: Recipe, k: int, taken: list[Pick]
    ) -> list[Pick]:
        proposals = [self._eligible(source.propose(situation), situation, plan, taken) for source in recipe]
        for source, proposal in zip(recipe, proposals, strict=True):
            self.observe(source.name, len(proposal.items))
        ranking = arrange(blend(proposals, [source.weight for source in recipe]), plan, k, _items(taken))
        return [
            Pick(
                item,
                score,
                recipe[which].name,
                explain(situation, proposals[which], recipe[which].name, item),
            )
            for item, score, which in zip(*(column.tolist() for column in ranking), strict=True)
        ]

    def _eligible(
        self, proposal: Candidates, situation: Situation, plan: Plan, taken: list[Pick]
    ) -> Candidates:
        keep = self.may_show(proposal.items, situation)
        if plan.allowed is not None:
            keep &= plan.allowed[proposal.items]
        if taken:
            keep &= ~np.isin(proposal.items, _items(taken))
        return proposal.where(keep)

    def may_show(self, items: NDArray[np.int32], situation: Situation) -> NDArray[np.bool_]:
        """Which items are offered, in stock, not hidden from this answer and within the request's filters."""
        request, tables = situation.request, self.bundle.tables
        keep = self.shelf.offered[items] & ~np.isin(items, situation.hidden)
        if request.in_stock:
            keep &= self.shelf.in_stock[items]
        if request.category is not None:
            category = tables.categories.row(request.category)
            members = tables.category_popular.of(category).items if category >= 0 else ()
            keep &= np.isin(items, members)
        if request.min_price is not None:
            keep &= self.shelf.price[items] >= request.min_price
        if request.max_price is not None:
            keep &= self.shelf.price[items] <= request.max_price
        return keep

    def _anything(self, situation: Situation, plan: Plan, k: int, taken: list[Pick]) -> list[Pick]:
        """Narrow filters: look through every product, most popular first."""
        everything = ranked(self.bundle.tables.popular, limit=len(self.bundle.tables.products))
        found = self._eligible(everything, situation, plan, taken)
        nothing = np.zeros(len(found.items))
        ranking = arrange(Ranking(found.items, nothing, nothing.astype(np.int64)), plan, k, _items(taken))
        return [
            Pick(item, 0.0, POPULAR.name, explain(situation, found, POPULAR.name, item))
            for item in ranking.items.tolist()
        ]


def _seated(picks: list[Pick], positions: list[int]) -> list[Pick]:
    """The first picks, which are pinned, at their positions; the others in between, in their order."""
    answer = picks[len(positions) :]
    for position, pick in zip(positions, picks, strict=False):
        answer.insert(position, pick)
    return answer


def _items(picks: Sequence[Pick]) -> list[int]:
    return [pick.item for pick in picks]
