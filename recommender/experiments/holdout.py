"""What the shop would show without us: what most people buy, the same for everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import msgspec

from recommender.context.request import NO_ACTIVITY, PLACEMENTS, Request
from recommender.placements import POPULAR, Stage
from recommender.recommend import Pick, Recommender


class Popular(Recommender):
    """Best sellers of the shop, or of the category that is asked for, by the merchant's rules. What is in
    view or in the request's cart is left out; who asks is not looked at."""

    @cached_property
    def stages(self) -> Mapping[str, Sequence[Stage]]:
        return dict.fromkeys(PLACEMENTS, (Stage.of((POPULAR._replace(weight=1.0),)),))

    def recommend(self, request: Request, k: int, visitor: str | None = None) -> list[Pick]:
        contextual = msgspec.structs.replace(request, shopper=NO_ACTIVITY, customer_id=None)
        return super().recommend(contextual, k, visitor)


def popular_for_holdout(recommender: Recommender) -> Popular:
    """Over the same model version, shelf and rules."""
    parts = recommender.bundle, recommender.availability, recommender.observe, recommender.rules
    return Popular(*parts)
