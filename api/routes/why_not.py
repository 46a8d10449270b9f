"""`/v1/recommendations/why-not`: why a product is not shown here."""

import asyncio
import time

import msgspec
from fastapi import APIRouter, Request, Response

from api.schemas.recommendations import Ask
from api.schemas.why_not import WhyNotAnswer, WhyNotAsk, WhyNotReason
from api.serving.answering import request_of
from api.serving.filters import check_filter
from api.serving.product_names import known_ask, own_ids
from api.serving.security import SecretService
from api.serving.shoppers import live_shopper, shopper_of
from api.web.openapi import documented
from api.web.problems import Problem
from api.web.queries import checked, fields_of_query
from api.web.replies import JsonReply, encode
from recommender.why_not import WhyNot, why_not

router = APIRouter(tags=["merchandising"])
NO_MODEL = WhyNot("no_model", "There is no model yet: run `perennial train`", {})


@router.get("/v1/recommendations/why-not", **documented(WhyNotAnswer, 422, 503, query=WhyNotAsk))
async def why_not_here(request: Request, service: SecretService) -> Response:
    """One product, one shopper, one placement: everything that keeps the product away. Needs a secret key.

    Found by asking in the same way as the answer itself, experiments included. Nothing is counted.
    """
    asked = checked(fields_of_query(request.scope["query_string"]), WhyNotAsk, strict=False)
    if asked.product_id is None:
        raise Problem(422, "product_id: which product?", [{"field": "product_id", "message": "is missing"}])
    fields = {name: getattr(asked, name) for name in Ask.__struct_fields__}
    ask = await known_ask(service, Ask(**fields | {"product_id": asked.page_product_id}))
    product_id = (await own_ids(service, service.store, [asked.product_id])).get(
        asked.product_id, asked.product_id
    )
    shopper = shopper_of(request, "secret", service, ask)
    shopper, log, _ = await live_shopper(service, shopper)
    question = request_of(service, ask, shopper, log, time.time())
    treatment = service.treatment(shopper.visitor, ask.placement, question.now)
    rank, reasons, recommender = None, [NO_MODEL], treatment.recommender
    if recommender is not None:
        if question.filter is not None:
            check_filter(question.filter, recommender)
        rank, reasons = await asyncio.to_thread(
            why_not, recommender.for_market_of(question), question, ask.k, shopper.visitor, product_id
        )
    answer = {
        "product_id": product_id,
        "placement": ask.placement,
        "model_version": recommender.bundle.manifest.version if recommender else None,
        "experiment": msgspec.Raw(treatment.experiment_json.encode()),
        "shown": rank is not None,
        "rank": rank,
        "reasons": [WhyNotReason(*each) for each in reasons],
    }
    return JsonReply(encode(answer))
