"""`/v1/triggers/due`, `/calendar` and `/preview`: messages looked at without handing any out."""

from typing import Annotated

from fastapi import APIRouter, Response

from api.schemas.triggers import CalendarAsk, DueMessages, MessageCalendar, MessagePreview, MessagePreviewAsk
from api.serving import messages_outlook
from api.serving.inputs import Sent, body_of, query_of
from api.serving.revisions import refuse
from api.serving.security import SecretService
from api.web.openapi import documented, takes
from api.web.replies import JsonReply, encode
from recommender.lifecycle.vocabulary.settings import contradictions

router = APIRouter(tags=["triggers"])


@router.get("/v1/triggers/due", **documented(DueMessages, 503))
async def due_messages(service: SecretService) -> Response:
    """How many messages of each kind are due, with examples. Nothing is handed out by it, and nothing counts
    as a contact. Needs a secret key."""
    return JsonReply(encode(await messages_outlook.due_by_kind(service)))


@router.get("/v1/triggers/calendar", **documented(MessageCalendar, 422, 503, query=CalendarAsk))
async def calendar(service: SecretService, ask: Annotated[CalendarAsk, query_of(CalendarAsk)]) -> Response:
    """How many messages of each kind the coming days will bring, as far as it can be known: carts, prices and
    stock of tomorrow cannot. Needs a secret key."""
    return JsonReply(encode(await messages_outlook.message_calendar(service, ask.days)))


@router.post(
    "/v1/triggers/preview", **documented(MessagePreview, 400, 413, 422, 503, body=takes(MessagePreviewAsk))
)
async def preview_messages(
    service: SecretService, body: Annotated[Sent[MessagePreviewAsk], body_of(MessagePreviewAsk)]
) -> Response:
    """What one customer would get now and in the next two weeks, by the settings saved or by others; nothing
    is handed out. Needs a secret key."""
    ask = body.checked
    refuse("settings", contradictions(ask.settings) if ask.settings else [])
    return JsonReply(encode(await messages_outlook.preview(service, ask.customer_id, ask.settings)))
