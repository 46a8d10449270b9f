"""`/v1/recommendations`: what this person should see here, now."""

from fastapi import APIRouter, Request, Response

from api.schemas.recommendations import Answer, AnswerPage, Ask, AskPage
from api.serving.security import ANY_KEY
from api.serving.service import Service
from api.serving.shoppers import shopper_of
from api.serving.take_events import track_views
from api.serving.widgets import TimedAnswer, answer_page, answer_widget
from api.web.metrics import STAGE_SECONDS
from api.web.openapi import documented, takes
from api.web.queries import ask_of_query, asks_of_body, read_body
from api.web.replies import JsonReply

router = APIRouter(tags=["recommendations"])


@router.get("/v1/recommendations", **documented(Answer, 422, query=Ask, security=ANY_KEY))
async def recommendations(request: Request) -> Response:
    """Ask for one widget. An unknown customer, product or cart is answered with the best there is."""
    service: Service = request.app.state.service
    scope = service.access.scope_of(request)
    ask = ask_of_query(request.scope["query_string"])
    shopper = shopper_of(request, scope, service, ask)
    untracked = await track_views(request, service, scope, [ask], [shopper]) if ask.track else ()
    return _reply(await answer_widget(service, ask, shopper, untracked))


@router.post(
    "/v1/recommendations",
    summary="Recommendations of a page",
    **documented(AnswerPage, 400, 413, 422, body=takes(AskPage), security=ANY_KEY),
)
async def recommendations_of_page(request: Request) -> Response:
    """Ask for all widgets of one page at once; no product is answered twice."""
    service: Service = request.app.state.service
    scope = service.access.scope_of(request)
    asks = asks_of_body(await read_body(request, service.settings.max_body_bytes))
    shoppers = [shopper_of(request, scope, service, ask) for ask in asks]
    is_view = any(ask.track for ask in asks)
    untracked = await track_views(request, service, scope, asks, shoppers) if is_view else ()
    return _reply(await answer_page(service, asks, shoppers, untracked))


def _reply(timed: TimedAnswer) -> Response:
    body, state_s, recommend_s, encode_s = timed
    STAGE_SECONDS.observe(state_s, "state")
    STAGE_SECONDS.observe(recommend_s, "recommend")
    STAGE_SECONDS.observe(encode_s, "encode")
    timing = b"state;dur=%.3f, recommend;dur=%.3f, encode;dur=%.3f" % (
        state_s * 1000,
        recommend_s * 1000,
        encode_s * 1000,
    )
    return JsonReply(body, ((b"cache-control", b"private, no-store"), (b"server-timing", timing)))
