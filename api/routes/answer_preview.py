"""`/v1/recommendations/preview`: what somebody would be shown, with nobody being shown it."""

import asyncio
import time
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Request, Response

from api.schemas.answer_preview import AnswerPreviewAsk
from api.schemas.recommendations import AnswerPage, Ask
from api.serving.answering import Question, answer, choose, request_of
from api.serving.inputs import Sent, body_of
from api.serving.product_names import known_ask
from api.serving.security import SecretService
from api.serving.service import Service
from api.serving.shoppers import live_shopper, shopper_of
from api.web.openapi import documented, takes
from api.web.replies import JsonReply
from features.live.log_entry import LogEntry, pack
from features.live.shopper_state import ShopperLog

router = APIRouter(tags=["recommendations"])


@router.post(
    "/v1/recommendations/preview", **documented(AnswerPage, 400, 413, 422, 503, body=takes(AnswerPreviewAsk))
)
async def preview_answers(
    request: Request,
    service: SecretService,
    body: Annotated[Sent[AnswerPreviewAsk], body_of(AnswerPreviewAsk)],
) -> Response:
    """The answers of `/v1/recommendations`, rules and experiments included, to made-up visits, too.
    Nothing is counted as shown, and nothing of it is kept. Needs a secret key."""
    viewed = _as_viewed(body.checked.viewed, int(time.time() * 1000))
    answers = [await _answer(request, service, ask, viewed) for ask in body.checked.requests]
    return JsonReply(b'{"answers":[%b]}' % b",".join(answers))


async def _answer(request: Request, service: Service, ask: Ask, viewed: Sequence[bytes]) -> bytes:
    ask = await known_ask(service, ask)
    shopper, log, degraded_reasons = await live_shopper(service, shopper_of(request, "secret", service, ask))
    seen = log if log.refused else ShopperLog((*viewed, *log.entries))
    question = request_of(service, ask, shopper, seen, time.time())
    chosen = await asyncio.to_thread(
        choose, service, Question(question, ask.k, shopper, degraded_reasons=degraded_reasons)
    )
    return answer(service, chosen, is_impression=False).body


def _as_viewed(product_ids: Sequence[str], now_ms: int) -> list[bytes]:
    """Entries of a log, newest first."""
    return [
        pack(LogEntry(now_ms - 1000 * ago, "view", (product_id,), (1.0,), now_ms, ago))
        for ago, product_id in enumerate(product_ids)
    ]
