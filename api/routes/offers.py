"""`/v1/offers`: the next best offer for one customer."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.schemas.offers import OfferAnswer, OfferAsk
from api.serving.offer_experiments import offer_in_trial
from api.serving.offers import nothing
from api.serving.service import Service
from api.web.openapi import answers, takes
from api.web.queries import checked, decode_json, read_body
from api.web.replies import JsonReply, encode
from features.store.connection import StoreUnavailable

router = APIRouter(tags=["offers"])


@router.post("/v1/offers", responses=answers(OfferAnswer), openapi_extra=takes(OfferAsk))
async def next_best_offer(request: Request) -> Response:
    """The offer that is expected to bring most above no offer, or none, and why. Needs a secret key.

    Asked again while it is valid, the answer is the same and is counted once. Where it cannot be counted,
    there is no offer.
    """
    service: Service = request.app.state.service
    service.access.require_secret(request)
    body = decode_json(await read_body(request, service.settings.max_body_bytes))
    ask = checked(body, OfferAsk, strict=True)
    try:
        answer = await offer_in_trial(service, ask)
    except StoreUnavailable:
        answer = nothing("store_unavailable")
    return JsonReply(encode(answer))
