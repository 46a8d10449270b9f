"""The answers to a widget and to a page of widgets, and how long each stage took."""

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple

from api.schemas.recommendations import Ask
from api.serving.answering import answer, choose, question_of, request_of
from api.serving.product_names import known_ask
from api.serving.service import Service
from api.serving.shoppers import Shopper, live_log


class TimedAnswer(NamedTuple):
    """body: JSON; seconds spent on reading the shopper's state, on recommending and on writing JSON."""

    body: bytes
    state_s: float
    recommend_s: float
    encode_s: float


async def answer_widget(service: Service, ask: Ask, shopper: Shopper) -> TimedAnswer:
    """One `schemas.Answer`."""
    started = time.perf_counter()
    ask = await known_ask(service, ask)
    log, missing = await live_log(service, shopper)
    fetched = time.perf_counter()
    request = request_of(ask, shopper, log, time.time())
    choice = choose(service, question_of(request, ask, shopper, missing))
    chosen = time.perf_counter()
    await asyncio.sleep(0)  # recommend to all who wait before one is encoded: docs/decisions/0013
    resumed = time.perf_counter()
    body = answer(service, choice).body
    return TimedAnswer(body, fetched - started, chosen - fetched, time.perf_counter() - resumed)


async def answer_page(service: Service, asks: Sequence[Ask], shoppers: Sequence[Shopper]) -> TimedAnswer:
    """A `schemas.AnswerPage` that shows no product twice. shoppers: of each question."""
    started = time.perf_counter()
    asks = [await known_ask(service, ask) for ask in asks]
    logs = {shopper: await live_log(service, shopper) for shopper in dict.fromkeys(shoppers)}
    fetched = time.perf_counter()
    bodies: list[bytes] = []
    on_page: list[str] = []
    encode_s = 0.0
    for ask, shopper in zip(asks, shoppers, strict=True):
        log, missing = logs[shopper]
        request = request_of(ask, shopper, log, time.time(), on_page)
        choice = choose(service, question_of(request, ask, shopper, missing))
        chosen = time.perf_counter()
        answered = answer(service, choice)
        encode_s += time.perf_counter() - chosen
        bodies.append(answered.body)
        on_page += answered.product_ids
    body = b'{"answers":[%b]}' % b",".join(bodies)
    return TimedAnswer(body, fetched - started, time.perf_counter() - fetched - encode_s, encode_s)
