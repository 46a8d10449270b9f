"""Picks to JSON bytes: product cards are stored as JSON and only copied."""

from __future__ import annotations

from collections.abc import Sequence

from api.schemas.recommendations import Ask
from api.serving.shoppers import Shopper
from api.web.replies import encode
from features.live.shopper_state import ShopperLog
from recommender.context.request import Request
from recommender.model.availability import Shown
from recommender.recommend import Pick, Recommender

WHOLE = 'false,"degraded_reasons":[]'
SCORES = [f"{share / 10_000:.4f}" for share in range(10_001)]  # to write one takes longer than to look it up


def question(ask: Ask, shopper: Shopper, log: ShopperLog, taken: Sequence[str], now: float) -> Request:
    """What the recommender is asked; `taken` are products that the page shows already."""
    return Request(
        placement=ask.placement,
        now=now,
        shopper=log,
        customer_id=shopper.customer_id,
        product_id=ask.product_id,
        cart=ask.cart,
        exclude=(*ask.exclude, *taken),
        category=ask.category,
        min_price=ask.min_price,
        max_price=ask.max_price,
        in_stock=ask.in_stock,
    )


def answer_json(
    recommendation_id: str,
    placement: str,
    recommender: Recommender | None,
    picks: Sequence[Pick],
    shown: Sequence[Shown],
    degraded_reasons: Sequence[str],
    experiment: str = "null",
) -> bytes:
    """One `schemas.Answer`. shown: the picks' products; experiment: JSON of a `schemas.ExperimentAnswer`."""
    version = f'"{recommender.bundle.manifest.version}"' if recommender else "null"
    degraded = f'true,"degraded_reasons":{encode(degraded_reasons).decode()}' if degraded_reasons else WHOLE
    return (
        f'{{"recommendation_id":"{recommendation_id}","placement":"{placement}","model_version":{version},'
        f'"experiment":{experiment},"degraded":{degraded},"items":{items_json(picks, shown)}}}'
    ).encode()


def shown_products(recommender: Recommender | None, picks: Sequence[Pick]) -> list[Shown]:
    """What answers tell of the picks' products."""
    if recommender is None:
        return []
    return recommender.availability.show(recommender.bundle.tables, [pick.item for pick in picks])


def items_json(picks: Sequence[Pick], shown: Sequence[Shown]) -> str:
    """A list of `schemas.Item`."""
    items = [
        f'{{{fields}"rank":{rank},"score":{SCORES[int(pick.score * 10_000 + 0.5)]},'
        f'"source":"{pick.source}","reason":{pick.reason_json}}}'
        for rank, (pick, (_, fields)) in enumerate(zip(picks, shown, strict=True), 1)
    ]
    return f"[{','.join(items)}]"
