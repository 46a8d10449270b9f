"""`/v1/attention`: what needs the owner's attention."""

from fastapi import APIRouter, Response

from api.schemas.attention import AttentionAnswer
from api.serving.attention import attention
from api.serving.security import SecretService
from api.web.openapi import documented
from api.web.replies import JsonReply, encode

router = APIRouter(tags=["insights"])


@router.get("/v1/attention", **documented(AttentionAnswer))
async def needs_attention(service: SecretService) -> Response:
    """What needs attention now, each with one remedy: what `perennial doctor` finds, as the worker saw it in
    the last hour, budgets, experiments, models that were refused, orders that stopped. Needs a secret key."""
    return JsonReply(encode(await attention(service)))
