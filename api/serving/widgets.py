"""The answers to a widget and to a page of widgets, and how long each stage took."""

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple

from api.schemas.recommendations import Ask
from api.serving.answering import Question, answer, choose, request_of
from api.serving.product_names import known_ask
from api.serving.service import Service
from api.serving.shoppers import LiveShopper, Shopper, live_shopper
from features.events.nobody import somebody


class TimedAnswer(NamedTuple):
    """body: JSON; seconds spent on reading the shopper's state, on recommending and on writing JSON."""

    body: bytes
    state_s: float
    recommend_s: float
    encode_s: float


async def answer_widget(
    service: Service, ask: Ask, shopper: Shopper, degraded_reasons: Sequence[str] = ()
) -> TimedAnswer:
    """One `schemas.Answer`. degraded_reasons: further ones."""
    started = time.perf_counter()
    ask = await known_ask(service, ask)
    live = await live_shopper(service, shopper)
    fetched = time.perf_counter()
    choice = choose(service, _question(service, ask, live, degraded_reasons))
    chosen = time.perf_counter()
    await asyncio.sleep(0)  # recommend to all who wait before one is encoded: docs/decisions/0013
    resumed = time.perf_counter()
    body = answer(service, choice).body
    return TimedAnswer(body, fetched - started, chosen - fetched, time.perf_counter() - resumed)


async def answer_page(
    service: Service, asks: Sequence[Ask], shoppers: Sequence[Shopper], degraded_reasons: Sequence[str] = ()
) -> TimedAnswer:
    """A `schemas.AnswerPage` that shows no product twice. shoppers: of each question;
    degraded_reasons: further ones of all."""
    started = time.perf_counter()
    asks = [await known_ask(service, ask) for ask in asks]
    live = {shopper: await live_shopper(service, shopper) for shopper in dict.fromkeys(shoppers)}
    fetched = time.perf_counter()
    bodies: list[bytes] = []
    on_page: list[str] = []
    encode_s = 0.0
    for ask, shopper in zip(asks, shoppers, strict=True):
        choice = choose(service, _question(service, ask, live[shopper], degraded_reasons, on_page))
        chosen = time.perf_counter()
        answered = answer(service, choice)
        encode_s += time.perf_counter() - chosen
        bodies.append(answered.body)
        on_page += answered.product_ids
    body = b'{"answers":[%b]}' % b",".join(bodies)
    return TimedAnswer(body, fetched - started, time.perf_counter() - fetched - encode_s, encode_s)


def _question(
    service: Service,
    ask: Ask,
    live: LiveShopper,
    degraded_reasons: Sequence[str],
    on_page: Sequence[str] = (),
) -> Question:
    """Who said no to profiling is not told apart by their visit either."""
    shopper, log, missing = live
    request = request_of(service, ask, shopper, log, time.time(), on_page)
    session = somebody(ask.session_id) if ask.personalise and not live.refused else None
    return Question(request, ask.k, shopper, session, (*degraded_reasons, *missing))
