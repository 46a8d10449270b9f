"""Why a product is not shown: the question and the answer."""

from typing import Any

import msgspec

from api.schemas.recommendations import Ask, ExperimentAnswer
from features.events.vocabulary import Id
from recommender.context.request import Placement


class WhyNotAsk(Ask, frozen=True, forbid_unknown_fields=True):
    """A question, all its fields included, and the product that its answer lacks, as `product_id`.

    `page_product_id`: the product of the page, which the question itself calls `product_id`.
    """

    page_product_id: Id | None = None


class WhyNotReason(msgspec.Struct, frozen=True):
    """`code`: `unknown_product`, `not_offered`, `out_of_stock`, `market`, `filter`, `rule`, `excluded`,
    `on_page`, `in_cart`, `bought_lately`, `variant`, `ranked`, `not_proposed`, `not_ranked` or `no_model`."""

    code: str
    text: str
    evidence: dict[str, Any]


class WhyNotAnswer(msgspec.Struct, frozen=True):
    """Whether this product would be shown to this shopper now, at which rank, else all reasons why not."""

    product_id: str
    placement: Placement
    model_version: str | None
    experiment: ExperimentAnswer | None
    shown: bool
    rank: int | None
    reasons: list[WhyNotReason]
