"""E-mail picks: what to write to one customer about, or to a million, one line each."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from api.schemas.recommendations import PicksAsk
from api.serving.answering import Answered, Question, answer, choose, share_of, their_language
from api.serving.service import Service
from api.serving.shoppers import NOBODY, STORE_AWAY, Shopper
from api.web.metrics import DEGRADED
from api.web.replies import encode
from features.live.shopper_state import ShopperLog
from features.outgoing.email_history import Sending, note_sending, sendings_of, sent_lately
from features.store import keys
from features.store.connection import StoreUnavailable
from recommender.context.request import Request
from recommender.reasons.language import known_tag

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Line(NamedTuple):
    """A question, or what was wrong with it: then it is answered as from nobody."""

    ask: PicksAsk
    error: str | None = None


class Reads(NamedTuple):
    """Replies of the store on their way: the sendings of all customers, None where there are none; logs."""

    sendings: asyncio.Future[Any] | None
    logs: Sequence[asyncio.Future[Any]]


class CustomerHistory(NamedTuple):
    """What the store keeps of a customer; degraded_reasons: why it could not be read."""

    log: ShopperLog = ShopperLog()
    sendings: Sequence[Sending] = ()
    degraded_reasons: Sequence[str] = ()

    def refuses(self, ask: PicksAsk) -> bool:
        """Whether the customer said no to profiling: to the shop, which says so, or in an event."""
        return self.log.refused or not ask.personalise


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


async def answer_pages(service: Service, pages: Iterator[Sequence[Line]]) -> AsyncIterator[list[bytes]]:
    """A `schemas.PicksAnswer` for each line, in order; a page is handed out once what it sends is noted.

    Each page takes one round trip: its notes, and behind them the reads for the next page, which so avoids
    what this one sends. All are recommended to before one is encoded: docs/decisions/0013.
    """
    asked: Sequence[Line] = next(pages, ())
    lines = [_of_customer(service, line) for line in asked]
    reads = _begin_reads(service, lines)
    while lines:
        histories = await _histories(lines, reads)
        now = time.time()
        choices = [
            choose(service, _question(service, line.ask, history, now))
            for line, history in zip(lines, histories, strict=True)
        ]
        answers = [
            answer(service, choice, is_impression=_is_sent(line.ask, history, choice.picks))
            for line, history, choice in zip(lines, histories, choices, strict=True)
        ]
        notes = _begin_notes(service, lines, histories, answers, int(now * 1000))
        bodies = [_line_json(line, each.body) for line, each in zip(asked, answers, strict=True)]
        asked = next(pages, ())
        lines = [_of_customer(service, line) for line in asked]
        reads = _begin_reads(service, lines)
        await _finish(notes)
        yield bodies


def _of_customer(service: Service, line: Line) -> Line:
    """The question under the name that the customer goes by now; as from nobody where there is none."""
    customer = service.customer(line.ask.customer_id)
    if customer == line.ask.customer_id:
        return line
    return line._replace(ask=msgspec.structs.replace(line.ask, customer_id=customer))


def _begin_reads(service: Service, lines: Sequence[Line]) -> Reads | None:
    """Ask for what the store keeps of the customers; None: it is away."""
    customers = [line.ask.customer_id for line in lines if line.ask.customer_id]
    try:
        packed = service.batch.send("MGET", *map(keys.sendings, customers)) if customers else None
        logs = [
            service.batch.send("LRANGE", keys.shopper_log(customer, identified=True), 0, -1)
            for customer in customers
        ]
    except StoreUnavailable:
        return None
    return Reads(packed, logs)


async def _histories(lines: Sequence[Line], reads: Reads | None) -> list[CustomerHistory]:
    """Of each line's customer; an empty one without an id."""
    if reads is None:
        return [CustomerHistory(degraded_reasons=STORE_AWAY)] * len(lines)
    try:
        packed = await reads.sendings if reads.sendings else ()
        logs = [ShopperLog.of(await log) for log in reads.logs]
    except StoreUnavailable:
        return [CustomerHistory(degraded_reasons=STORE_AWAY)] * len(lines)
    histories = map(CustomerHistory, logs, map(sendings_of, packed))
    return [next(histories) if line.ask.customer_id else CustomerHistory() for line in lines]


def _question(service: Service, ask: PicksAsk, history: CustomerHistory, now: float) -> Question:
    """All but what the customer was sent lately; of nobody, where they said no to profiling. now: epoch s."""
    shops = service.settings.language
    if history.refuses(ask):
        language = known_tag(ask.language, shops)
        request = Request(
            "email",
            now,
            campaign=ask.campaign,
            language=language,
            titles=ask.language,
            country=ask.country,
            currency=ask.currency,
        )
        return Question(request, ask.k, NOBODY, degraded_reasons=history.degraded_reasons)
    sent = sent_lately(history.sendings, int(now * 1000), service.settings.email_rest_days, ask.send_id)
    spoken = ask.language or their_language(service, ask.customer_id)
    request = Request(
        "email",
        now,
        history.log,
        ask.customer_id,
        exclude=sent,
        rest_days=ask.rest_days,
        repeats=share_of(ask.repeats),
        campaign=ask.campaign,
        language=known_tag(spoken, shops),
        titles=spoken,
        country=ask.country,
        currency=ask.currency,
    )
    return Question(request, ask.k, Shopper(ask.customer_id), degraded_reasons=history.degraded_reasons)


def _is_sent(ask: PicksAsk, history: CustomerHistory, products: Sequence[object]) -> bool:
    return bool(ask.customer_id and products and not ask.preview and not history.refuses(ask))


def _begin_notes(
    service: Service,
    lines: Sequence[Line],
    histories: Sequence[CustomerHistory],
    answers: Sequence[Answered],
    now_ms: int,
) -> Sequence[asyncio.Future[bytes]]:
    """Note what is sent. A history that could not be read is not overwritten."""
    try:
        return [
            note_sending(
                service.batch,
                str(ask.customer_id),
                history.sendings,
                Sending(now_ms, ask.send_id or each.recommendation_id, each.product_ids),
                service.store_settings,
            )
            for (ask, _), history, each in zip(lines, histories, answers, strict=True)
            if _is_sent(ask, history, each.product_ids) and not history.degraded_reasons
        ]
    except StoreUnavailable:
        DEGRADED.add("store_unavailable")
        return ()


async def _finish(notes: Sequence[asyncio.Future[bytes]]) -> None:
    """Wait until the store has all of them. Where noting fails, an e-mail may repeat a product."""
    try:
        for note in notes:
            await note
    except StoreUnavailable:
        DEGRADED.add("store_unavailable")


def _line_json(line: Line, body: bytes) -> bytes:
    """A `schemas.Answer` with what a `schemas.PicksAnswer` has besides."""
    ask = line.ask
    head = encode({"customer_id": ask.customer_id, "campaign": ask.campaign, "error": line.error})
    return b"%b,%b" % (head[:-1], body[1:])
