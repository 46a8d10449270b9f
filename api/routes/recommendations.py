"""`/v1/recommendations`: what this person should see here, now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from fastapi import APIRouter, Response
from fastapi import Request as HttpRequest

from api.schemas.recommendations import Answer, AnswerPage, Ask, AskPage
from api.serving.answering import answer_json, question, shown_products
from api.serving.experiments import Treatment
from api.serving.security import ANY_KEY
from api.serving.service import Service
from api.serving.shoppers import Shopper, live_log, whose
from api.web.metrics import DEGRADED, PICKS, STAGE_SECONDS
from api.web.openapi import documented, takes
from api.web.queries import ask_of_query, asks_of_body, read_body
from api.web.replies import JsonReply
from api.web.tokens import new_token
from features.live.shopper_state import ShopperLog
from features.outgoing.impressions import ServedRecord
from recommender.recommend import Pick

router = APIRouter(tags=["recommendations"])


@router.get("/v1/recommendations", **documented(Answer, 422, query=Ask, security=ANY_KEY))
async def recommendations(request: HttpRequest) -> Response:
    """Ask for one widget. An unknown customer, product or cart is answered with the best there is."""
    service: Service = request.app.state.service
    scope = service.access.scope_of(request)
    ask = ask_of_query(request.scope["query_string"])
    shopper = whose(request, scope, service.access, ask)
    started = time.perf_counter()
    log, missing = await live_log(service, shopper)
    fetched = time.perf_counter()
    treatment, picks = _recommend(service, ask, shopper, log, ())
    recommended = time.perf_counter()
    await asyncio.sleep(0)  # all who wait get theirs before one is written out: docs/decisions/0013
    resumed = time.perf_counter()
    body, _ = _answer(service, ask, shopper, treatment, picks, missing)
    return _respond(body, fetched - started, recommended - fetched, time.perf_counter() - resumed)


@router.post(
    "/v1/recommendations",
    summary="Recommendations of a page",
    **documented(AnswerPage, 400, 413, 422, body=takes(AskPage), security=ANY_KEY),
)
async def page(request: HttpRequest) -> Response:
    """Ask for all widgets of one page at once; no product is answered twice."""
    service: Service = request.app.state.service
    scope = service.access.scope_of(request)
    asks = asks_of_body(await read_body(request, service.settings.max_body_bytes))
    started = time.perf_counter()
    shoppers = [whose(request, scope, service.access, ask) for ask in asks]
    logs = {shopper: await live_log(service, shopper) for shopper in dict.fromkeys(shoppers)}
    fetched = time.perf_counter()
    bodies: list[bytes] = []
    taken: list[str] = []
    encode_s = 0.0
    for ask, shopper in zip(asks, shoppers, strict=True):
        log, missing = logs[shopper]
        treatment, picks = _recommend(service, ask, shopper, log, taken)
        recommended = time.perf_counter()
        body, shown = _answer(service, ask, shopper, treatment, picks, missing)
        encode_s += time.perf_counter() - recommended
        bodies.append(body)
        taken += shown
    body = b'{"answers":[%b]}' % b",".join(bodies)
    return _respond(body, fetched - started, time.perf_counter() - fetched - encode_s, encode_s)


def _recommend(
    service: Service, ask: Ask, shopper: Shopper, log: ShopperLog, taken: Sequence[str]
) -> tuple[Treatment, Sequence[Pick]]:
    """What is shown, and who says so."""
    now, visitor = time.time(), shopper.visitor
    treatment = service.treatment(visitor, ask.placement, now)
    if treatment.recommender is None:
        return treatment, ()
    asked = question(ask, shopper, log, taken, now)
    return treatment, treatment.recommender.recommend(asked, ask.k, visitor)


def _answer(
    service: Service,
    ask: Ask,
    shopper: Shopper,
    treatment: Treatment,
    picks: Sequence[Pick],
    missing: Sequence[str],
) -> tuple[bytes, tuple[str, ...]]:
    """One `schemas.Answer` and the products it shows."""
    recommender = treatment.recommender
    missing = (*missing, *treatment.missing) if recommender else (*missing, "no_model")
    recommendation_id = f"r-{new_token()}"
    shown = shown_products(recommender, picks)
    body = answer_json(recommendation_id, ask.placement, recommender, picks, shown, missing, treatment.told)
    product_ids = tuple([product_id for product_id, _ in shown])
    sources = tuple([pick.source for pick in picks])
    PICKS.add_each(ask.placement, sources)
    service.served.add(
        ServedRecord(
            recommendation_id=recommendation_id,
            at=datetime.now(UTC),
            placement=ask.placement,
            customer_id=shopper.customer_id,
            anonymous_id=shopper.anonymous_id,
            session_id=ask.session_id,
            product_ids=product_ids,
            sources=sources,
            model_version=recommender.bundle.manifest.version if recommender else None,
            treated=treatment.treated,
        )
    )
    for reason in missing:
        DEGRADED.add(reason)
    return body, product_ids


def _respond(body: bytes, state_s: float, recommend_s: float, encode_s: float) -> Response:
    STAGE_SECONDS.observe(state_s, "state")
    STAGE_SECONDS.observe(recommend_s, "recommend")
    STAGE_SECONDS.observe(encode_s, "encode")
    timing = b"state;dur=%.3f, recommend;dur=%.3f, encode;dur=%.3f" % (
        state_s * 1000,
        recommend_s * 1000,
        encode_s * 1000,
    )
    return JsonReply(body, ((b"cache-control", b"private, no-store"), (b"server-timing", timing)))
