"""`/v1/audience`: whom to tell of a product, or of a set of products."""

from typing import Annotated

from fastapi import APIRouter, Response
from msgspec.structs import replace

from api.schemas.audience import AudienceAnswer, AudienceAsk
from api.serving.audience import audience
from api.serving.inputs import Sent, body_of
from api.serving.product_names import own_ids
from api.serving.security import SecretService
from api.web.openapi import documented, takes
from api.web.problems import Problem
from api.web.replies import JsonReply, encode

router = APIRouter(tags=["customers"])


@router.post("/v1/audience", **documented(AudienceAnswer, 400, 413, 422, 503, body=takes(AudienceAsk)))
async def likely_customers(
    service: SecretService, body: Annotated[Sent[AudienceAsk], body_of(AudienceAsk)]
) -> Response:
    """The customers most likely to buy a product, or any of several. Needs a secret key.

    By what they ordered until the last training; who has bought one of the products since is left out.
    Nothing is noted as sent.
    """
    ask = body.checked
    if service.recommender is None:
        raise Problem(503, "There is no model yet: run `perennial train`.", headers={"Retry-After": "60"})
    own = await own_ids(service, service.batch, ask.products)
    ask = replace(ask, products=tuple([own.get(name, name) for name in ask.products]))
    return JsonReply(encode(await audience(service, ask, service.recommender)))
