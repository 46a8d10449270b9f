"""What held-out visitors see: the shop's best sellers, the same for everybody."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import msgspec

from recommender.context.request import NO_ACTIVITY, PURPOSES, Request, Situation
from recommender.placements import POPULAR, Stage
from recommender.recommend import Pick, Recommender


class Popular(Recommender):
    """Best sellers of the shop, or of the requested category, by the merchant's rules. Products in view or in
    the request's cart are left out; the customer and their history are ignored."""

    @cached_property
    def stages(self) -> Mapping[str, Sequence[Stage]]:
        return dict.fromkeys(PURPOSES, (Stage.of((POPULAR._replace(weight=1.0),)),))

    def answers_only(self, situation: Situation) -> bool:  # noqa: ARG002
        """Never: best sellers are all that there is."""
        return False

    def recommend(self, request: Request, k: int, visitor: str | None = None) -> list[Pick]:
        country = self.country(request) or request.country
        contextual = msgspec.structs.replace(request, shopper=NO_ACTIVITY, customer_id=None, country=country)
        return super().recommend(contextual, k, visitor)


def popular_for_holdout(recommender: Recommender) -> Popular:
    """With the same model version, availability and rules."""
    parts = recommender.bundle, recommender.availability, recommender.observe, recommender.rules
    return Popular(*parts, recommender.tiers)
