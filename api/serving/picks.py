"""E-mail picks: what to write to one customer about, or to a million, one line each."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from api.schemas.recommendations import Campaign, PicksAsk
from api.serving.answering import answer_json, shown_products
from api.serving.experiments import Treatment, record_of
from api.serving.service import Service
from api.web.metrics import DEGRADED, PICKS
from api.web.replies import encode
from api.web.tokens import new_token
from features.live.shopper_state import ShopperLog
from features.outgoing.email_history import Sending, note_sending, sendings_of, sent_lately
from features.store import keys
from features.store.connection import StoreUnavailable
from recommender.context.request import Placement, Request
from recommender.recommend import Pick

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


class Known(NamedTuple):
    """What the store says of a customer."""

    log: ShopperLog = ShopperLog()
    sendings: Sequence[Sending] = ()
    missing: Sequence[str] = ()


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
    """A `schemas.PicksAnswer` for each, in order; their state comes in one round trip.

    One kind of work for all of them, then the next: to change it for each would take longer.
    """
    known = await _known(service, [line.ask.customer_id for line in lines])
    now = time.time()
    chosen = [_choose(service, line.ask, each, now) for line, each in zip(lines, known, strict=True)]
    return [
        _answer(service, line, each, now, *choice)
        for line, each, choice in zip(lines, known, chosen, strict=True)
    ]


async def _known(service: Service, customers: Sequence[str | None]) -> list[Known]:
    named = [customer for customer in customers if customer]
    if not named:
        return [Known()] * len(customers)
    try:
        sent = service.store.send("MGET", *map(keys.sendings, named))
        logs = [
            service.store.send("LRANGE", keys.shopper_log(customer, identified=True), 0, -1)
            for customer in named
        ]
        packed = await sent
        found = [
            Known(ShopperLog(await log), sendings_of(each)) for log, each in zip(logs, packed, strict=True)
        ]
    except StoreUnavailable:
        return [Known(missing=("store_unavailable",))] * len(customers)
    theirs = iter(found)
    return [next(theirs) if customer else Known() for customer in customers]


def _choose(service: Service, ask: PicksAsk, known: Known, now: float) -> tuple[Treatment, Sequence[Pick]]:
    """What is shown, and who says so."""
    placement = PLACEMENT_OF[ask.campaign]
    treatment = service.treatment(ask.customer_id, placement, now)
    if treatment.recommender is None:
        return treatment, ()
    sent = sent_lately(known.sendings, int(now * 1000), service.settings.email_rest_days, ask.send_id)
    request = Request(placement, now, known.log, ask.customer_id, exclude=sent)
    picks = treatment.recommender.recommend(request, ask.k, ask.customer_id)
    return treatment, picks


def _answer(
    service: Service, line: Line, known: Known, now: float, treatment: Treatment, picks: Sequence[Pick]
) -> bytes:
    ask, placement, recommender = line.ask, PLACEMENT_OF[line.ask.campaign], treatment.recommender
    missing = [*known.missing, *(treatment.missing if recommender else ["no_model"])]
    recommendation_id, shown = f"r-{new_token()}", shown_products(recommender, picks)
    PICKS.add_each(placement, [pick.source for pick in picks])
    for reason in missing:
        DEGRADED.add(reason)
    if ask.customer_id and picks and not ask.preview:
        products = tuple([product.product_id for product in shown])
        sending = Sending(int(now * 1000), ask.send_id or recommendation_id, products)
        _note(service, ask.customer_id, known.sendings, sending)
        service.served.add(
            record_of(treatment, recommendation_id, placement, picks, products, ask.customer_id)
        )
    body = answer_json(recommendation_id, placement, recommender, picks, shown, missing, treatment.told)
    head = encode({"customer_id": ask.customer_id, "campaign": ask.campaign, "error": line.error})
    return b"%b,%b" % (head[:-1], body[1:])


def _note(service: Service, customer_id: str, earlier: Sequence[Sending], sending: Sending) -> None:
    """Off the response path: an answer that is not noted may repeat a product, and no more."""
    try:
        note_sending(service.writes, customer_id, earlier, sending, service.store_settings)
    except StoreUnavailable:
        DEGRADED.add("store_unavailable")
