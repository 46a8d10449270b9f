"""Pictures in e-mails: which product each slot of an opened e-mail shows, and what a click on it says."""

import time
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from api.schemas.mail_images import MOST_SLOTS
from api.serving.answering import Question, choose, shown_products, their_language
from api.serving.picks import answer_pages, line_of
from api.serving.service import Service
from api.serving.shoppers import NOBODY
from api.serving.take_events import take_events
from features.connections.arrivals import note, passed
from features.events.vocabulary import Event, EventContext
from features.outgoing.mail_blocks import MailBlock, unseal
from features.outgoing.mail_openings import OPENING_MS, Opening, keep_opening, read_opening
from features.store.connection import StoreUnavailable
from recommender.context.request import Request
from recommender.reasons.language import known_tag

SERVICE = "mail-images"
MOST_SEND = 200  # characters of the name of a sending


class Answer(msgspec.Struct):
    """What is used of a `schemas.PicksAnswer`."""

    recommendation_id: str
    personalised: bool
    items: list[dict[str, Any]]


class Mail(NamedTuple):
    """An e-mail in a customer's hands. customer_id None: of nobody we know, or may know; name: of this e-mail
    among theirs; slots: pictures in it."""

    customer_id: str | None
    campaign: str
    name: str
    slots: int


class Slot(NamedTuple):
    """What a slot shows: the fields of a product's card, none where it shows nothing. opening: None where
    everybody sees the same."""

    mail: Mail
    card: dict[str, Any]
    product_id: str
    language: str
    opening: Opening | None


_answer = msgspec.json.Decoder(Answer).decode


async def slot_of(service: Service, token: str, send: str, slot: int, *, is_click: bool = False) -> Slot:
    """What this slot shows now, or where it leads; best sellers where the customer or the store is not there.

    is_click: what the e-mail showed last counts, however long ago.
    """
    mail = _mail(service, token, send[:MOST_SEND])
    opening = None
    if mail.customer_id is not None:
        with suppress(StoreUnavailable):
            opening = await _opening(service, mail, mail.customer_id, is_click=is_click)
    ids = opening.product_ids if opening else _best_sellers(service)
    product_id = ids[slot - 1] if 0 < slot <= min(mail.slots, len(ids)) else ""
    spoken = their_language(service, mail.customer_id)
    language = known_tag(spoken, service.settings.language)
    seen_by = Request("email", time.time(), customer_id=mail.customer_id, language=language, titles=spoken)
    return Slot(mail, _card(service, product_id, seen_by), product_id, language, opening)


async def note_click(service: Service, slot: Slot, number: int) -> None:
    """Take the click as an event, once an opening; a store that is away loses it."""
    if slot.opening is None or not slot.card:
        return
    now = datetime.now(UTC)
    event = Event(
        "click",
        f"{slot.opening.recommendation_id}-{number}",
        now,
        customer_id=slot.mail.customer_id,
        product_id=slot.product_id,
        recommendation_id=slot.opening.recommendation_id,
        context=EventContext(utm_medium="email"),
    )
    with suppress(StoreUnavailable):
        await take_events(service, [event], "secret", now)
        await note(service.writes, passed(SERVICE, "clicked", now))


def _mail(service: Service, token: str, send: str) -> Mail:
    block = unseal(service.people_key.key, token)
    if block is None or block.until_s < time.time():
        block = MailBlock("", "newsletter", "", 0, MOST_SLOTS)
    text = f"{block.campaign}\0{block.block}\0{send}".encode(errors="replace")
    name = blake2b(text, digest_size=12).hexdigest()
    return Mail(service.customer(block.customer_id or None), block.campaign, name, block.slots)


async def _opening(service: Service, mail: Mail, customer_id: str, *, is_click: bool) -> Opening | None:
    """The e-mail's opening, a new one where there is none or it is over; None of somebody who says no to
    profiling. Raises StoreUnavailable."""
    kept = await read_opening(service.store, customer_id, mail.name)
    now_ms = int(time.time() * 1000)
    if kept and (is_click or now_ms < kept[0] + OPENING_MS):
        return kept[1]
    fields = {"customer_id": customer_id, "campaign": mail.campaign, "k": mail.slots, "send_id": mail.name}
    [[body]] = [page async for page in answer_pages(service, iter([[line_of(fields)]]))]
    answer = _answer(body)
    if not answer.personalised or not answer.items:
        return None
    products = dict.fromkeys([*(item["product_id"] for item in answer.items), *_best_sellers(service)])
    fresh = Opening(answer.recommendation_id, tuple(products)[: mail.slots])
    await note(service.writes, passed(SERVICE, "opened", datetime.now(UTC)))
    return await keep_opening(service.writes, customer_id, mail.name, fresh, now_ms, service.store_settings)


def _best_sellers(service: Service) -> tuple[str, ...]:
    """The same for everybody as long as the model, stock and rules are the same."""
    question = Question(Request("email", time.time()), MOST_SLOTS, NOBODY)
    choice = choose(service, question)
    shown = shown_products(choice.treatment.recommender, choice.picks)
    return tuple([product_id for product_id, _ in shown])


def _card(service: Service, product_id: str, seen_by: Request) -> dict[str, Any]:
    """A product's fields as the catalogue has them now; none of one that it does not know."""
    if service.recommender is None or not product_id:
        return {}
    recommender = service.recommender.for_market_of(seen_by)
    tables = recommender.bundle.tables
    row = tables.products.row(product_id)
    card: dict[str, Any] = (
        msgspec.json.decode(b"{%b}" % recommender.availability.card(tables, row)) if row >= 0 else {}
    )
    return card
