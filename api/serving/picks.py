"""E-mail picks: what to write to one customer about, or to a million, one line each."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from api.schemas.recommendations import Campaign, PicksAsk
from api.serving.answering import Answered, Question, answer, choose
from api.serving.service import Service
from api.serving.shoppers import STORE_AWAY, Shopper
from api.web.metrics import DEGRADED
from api.web.replies import encode
from features.live.shopper_state import ShopperLog
from features.outgoing.email_history import Sending, note_sending, sendings_of, sent_lately
from features.store import keys
from features.store.connection import StoreUnavailable
from recommender.context.request import Placement, Request

PLACEMENT_OF: dict[Campaign, Placement] = {
    "welcome": "home",
    "cross_sell": "post_purchase",
    "win_back": "email",
    "reorder": "buy_again",
    "newsletter": "email",
    "post_purchase": "post_purchase",
}
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Line(NamedTuple):
    """A question, or what was wrong with it: then it is answered as from nobody."""

    ask: PicksAsk
    error: str | None = None


class CustomerHistory(NamedTuple):
    """What the store keeps of a customer; degraded_reasons: why it could not be read."""

    log: ShopperLog = ShopperLog()
    sendings: Sequence[Sending] = ()
    degraded_reasons: Sequence[str] = ()


def read_line(raw: bytes, usual: Mapping[str, Any]) -> Line:
    """One line of NDJSON; what it does not say is as `usual`."""
    try:
        return line_of({**usual, **_decode(raw)})
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Line(PicksAsk(), f"This line is no JSON object that we can read: {error}")


def line_of(fields: Mapping[str, Any]) -> Line:
    """A question from its fields, of which numbers may be text."""
    try:
        return Line(msgspec.convert(fields, PicksAsk, strict=False))
    except msgspec.ValidationError as error:
        return Line(PicksAsk(), str(error))


async def answer_lines(service: Service, lines: Sequence[Line]) -> list[bytes]:
    """A `schemas.PicksAnswer` for each, in order: one round trip to read histories, one to note what is sent.

    All are recommended to before one is encoded: docs/decisions/0013.
    """
    asked, lines = lines, [_without_erased(service, line) for line in lines]
    histories = await _histories(service, [line.ask.customer_id for line in lines])
    now = time.time()
    choices = [
        choose(service, _question(service, line.ask, history, now))
        for line, history in zip(lines, histories, strict=True)
    ]
    answers = [
        answer(service, choice, is_impression=_is_sent(line.ask, choice.picks))
        for line, choice in zip(lines, choices, strict=True)
    ]
    await _note_sendings(service, lines, histories, answers, int(now * 1000))
    return [_line_json(line, each.body) for line, each in zip(asked, answers, strict=True)]


def _without_erased(service: Service, line: Line) -> Line:
    """The question; as from nobody where it is about an erased customer."""
    if not service.erased.holds("customer", line.ask.customer_id):
        return line
    return line._replace(ask=msgspec.structs.replace(line.ask, customer_id=None))


async def _histories(service: Service, customers: Sequence[str | None]) -> list[CustomerHistory]:
    """Of each customer; an empty one without an id."""
    customer_ids = [customer for customer in customers if customer]
    if not customer_ids:
        return [CustomerHistory()] * len(customers)
    try:
        packed = service.batch.send("MGET", *map(keys.sendings, customer_ids))
        logs = [
            service.batch.send("LRANGE", keys.shopper_log(customer, identified=True), 0, -1)
            for customer in customer_ids
        ]
        histories = iter(
            [
                CustomerHistory(ShopperLog(await log), sendings_of(each))
                for log, each in zip(logs, await packed, strict=True)
            ]
        )
    except StoreUnavailable:
        return [CustomerHistory(degraded_reasons=STORE_AWAY)] * len(customers)
    return [next(histories) if customer else CustomerHistory() for customer in customers]


def _question(service: Service, ask: PicksAsk, history: CustomerHistory, now: float) -> Question:
    """All but what the customer was sent lately. now: epoch s."""
    sent = sent_lately(history.sendings, int(now * 1000), service.settings.email_rest_days, ask.send_id)
    request = Request(PLACEMENT_OF[ask.campaign], now, history.log, ask.customer_id, exclude=sent)
    return Question(request, ask.k, Shopper(ask.customer_id), degraded_reasons=history.degraded_reasons)


def _is_sent(ask: PicksAsk, products: Sequence[object]) -> bool:
    return bool(ask.customer_id and products and not ask.preview)


async def _note_sendings(
    service: Service,
    lines: Sequence[Line],
    histories: Sequence[CustomerHistory],
    answers: Sequence[Answered],
    now_ms: int,
) -> None:
    """Remember what is sent before it is handed out: the next question already avoids it.

    A history that could not be read is not overwritten. Where noting fails, an e-mail may repeat a product.
    """
    try:
        notes = [
            note_sending(
                service.batch,
                str(ask.customer_id),
                history.sendings,
                Sending(now_ms, ask.send_id or each.recommendation_id, each.product_ids),
                service.store_settings,
            )
            for (ask, _), history, each in zip(lines, histories, answers, strict=True)
            if _is_sent(ask, each.product_ids) and not history.degraded_reasons
        ]
        await asyncio.gather(*notes)
    except StoreUnavailable:
        DEGRADED.add("store_unavailable")


def _line_json(line: Line, body: bytes) -> bytes:
    """A `schemas.Answer` with what a `schemas.PicksAnswer` has besides."""
    ask = line.ask
    head = encode({"customer_id": ask.customer_id, "campaign": ask.campaign, "error": line.error})
    return b"%b,%b" % (head[:-1], body[1:])
