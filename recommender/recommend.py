"""The recommendation, whole: candidates, eligibility, ranking, reasons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommender.bundle import Bundle
from recommender.candidates import Candidates, blend
from recommender.explain import Reason, explain
from recommender.placements import POPULAR, RECIPES, Source
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


def _nobody(_source: str, _proposed: int) -> None:
    return None


@dataclass(frozen=True)
class Recommender:
    """A model version over the shelf as it is now. `observe` hears how many products each source proposed."""

    bundle: Bundle
    shelf: Shelf
    observe: Callable[[str, int], None] = _nobody

    def recommend(self, request: Request, k: int) -> list[Pick]:
        """The best k products for a request, best first; fewer only where fewer may be shown."""
        situation = Situation(request, self.bundle)
        picks: list[Pick] = []
        for recipe in (RECIPES[request.placement], (POPULAR,)):
            picks += self._pick(situation, recipe, k - len(picks), [pick.item for pick in picks])
            if len(picks) == k:
                return picks
        return picks + self._anything(situation, k - len(picks), [pick.item for pick in picks])

    def _pick(self, situation: Situation, recipe: Sequence[Source], k: int, taken: list[int]) -> list[Pick]:
        proposals = [self._eligible(source.propose(situation), situation, taken) for source in recipe]
        for source, proposal in zip(recipe, proposals, strict=True):
            self.observe(source.name, len(proposal.items))
        ranking = blend(proposals, [source.weight for source in recipe])
        return [
            Pick(
                item,
                score,
                recipe[which].name,
                explain(situation, proposals[which], recipe[which].name, item),
            )
            for item, score, which in zip(*(column[:k].tolist() for column in ranking), strict=True)
        ]

    def _eligible(self, proposal: Candidates, situation: Situation, taken: list[int]) -> Candidates:
        keep = self.may_show(proposal.items, situation)
        if taken:
            keep &= ~np.isin(proposal.items, taken)
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

    def _anything(self, situation: Situation, k: int, taken: list[int]) -> list[Pick]:
        """Narrow filters: look through every product, most popular first."""
        everything = ranked(self.bundle.tables.popular, limit=len(self.bundle.tables.products))
        found = self._eligible(everything, situation, taken)
        return [
            Pick(item, 0.0, POPULAR.name, explain(situation, found, POPULAR.name, item))
            for item in found.items[:k].tolist()
        ]
