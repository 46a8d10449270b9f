"""`/v1/offers`: the next best offer for one customer."""

from typing import Annotated

from fastapi import APIRouter, Response

from api.schemas.offers import OfferAnswer, OfferAsk
from api.serving.inputs import Sent, body_of
from api.serving.offer_experiments import offer_in_trial
from api.serving.offers import nothing_decided
from api.serving.product_names import known_cart
from api.serving.security import SecretService
from api.web.openapi import documented, takes
from api.web.replies import JsonReply, encode
from features.store.connection import StoreUnavailable

router = APIRouter(tags=["offers"])


@router.post("/v1/offers", **documented(OfferAnswer, 400, 413, 422, body=takes(OfferAsk)))
async def next_best_offer(
    service: SecretService, body: Annotated[Sent[OfferAsk], body_of(OfferAsk)]
) -> Response:
    """The offer that is expected to bring most above no offer, or none, and why. Needs a secret key.

    Asked again while it is valid, the answer is the same and is counted once. Where it cannot be counted,
    there is no offer.
    """
    try:
        answer = await offer_in_trial(service, await known_cart(service, body.checked))
    except StoreUnavailable:
        answer = nothing_decided("store_unavailable")
    return JsonReply(encode(answer))
