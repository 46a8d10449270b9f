"""`plan`: all there is to say to a customer -> what is said now, what is taken back, when to look again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import NamedTuple

import msgspec

from features.time_units import DAY_MS
from recommender.lifecycle.messages import abandoned_browse as browsing
from recommender.lifecycle.messages import abandoned_cart as carts
from recommender.lifecycle.messages import after_order as orders
from recommender.lifecycle.messages import back_in_stock_and_price_drop as wishes
from recommender.lifecycle.messages import birthday, referral, refills, welcome, win_back
from recommender.lifecycle.messages import tiers_and_vip as standing
from recommender.lifecycle.timing import after_quiet, budget_opens, channel_for, held_until, their_zone
from recommender.lifecycle.vocabulary.customer import Customer
from recommender.lifecycle.vocabulary.occasion import (
    KINDS,
    SERVICE,
    Kind,
    Occasion,
    Reason,
    Suggested,
    Trigger,
)
from recommender.lifecycle.vocabulary.settings import Settings
from recommender.offers.catalogue import NO_OFFER

FAMILIES = (
    birthday,
    browsing,
    carts,
    orders,
    referral,
    refills,
    standing,
    welcome,
    win_back,
    wishes,
)
LOOK_AGAIN_MS = DAY_MS
Suggest = Callable[[Suggested], tuple[str, ...]]


class Plan(NamedTuple):
    """triggers: to hand out now; ended: ids of waiting triggers whose reason is gone; look_ms: when to look
    again at the latest, unless something happens first."""

    triggers: tuple[Trigger, ...]
    ended: tuple[str, ...]
    look_ms: int


class Placed(NamedTuple):
    """Occasions that make one message. due_ms: since when it may go out; at_ms: the next time it may."""

    occasions: tuple[Occasion, ...]
    due_ms: int
    at_ms: int
    channel: str

    @property
    def first(self) -> Occasion:
        return self.occasions[0]


def plan(customer: Customer, now_ms: int, settings: Settings, suggest: Suggest) -> Plan:
    """suggest: a placement -> products for a message that names none itself."""
    found = [each for each in _found(customer, now_ms, settings) if now_ms < each.expires_ms]
    ended = _ended(customer, found, now_ms, settings)
    new = [each for each in found if each.key not in customer.done]
    placed = _placed(customer, new, now_ms, settings)
    due = sorted((each for each in placed if each.at_ms <= now_ms), key=_urgency)
    contacts = _contacts(customer, ended)
    looks = [each.at_ms for each in placed if each.at_ms > now_ms]
    handed: list[Placed] = []
    for message in due:
        if budget_opens(contacts, settings, now_ms) <= now_ms:
            contacts.append(now_ms)
            handed.append(message)
    if len(handed) < len(due):
        looks.append(budget_opens(contacts, settings, now_ms))
    triggers = tuple(_trigger(customer, each, settings, suggest) for each in handed)
    return Plan(triggers, ended, min([now_ms + LOOK_AGAIN_MS, *looks]))


def _found(customer: Customer, now_ms: int, settings: Settings) -> Iterator[Occasion]:
    for family in FAMILIES:
        for each in family.occasions(customer, now_ms, settings):
            if settings.message(each.kind).enabled:
                yield each


def _contacts(customer: Customer, ended: tuple[str, ...]) -> list[int]:
    """When they were or will be written to: what waits to be read counts, too, until it is taken back."""
    had = {contact.id: contact.at_ms for contact in customer.contacts}
    waits = {each.id: each.at_ms for each in customer.waiting if each.id not in ended}
    return list({**waits, **had}.values())


def _ended(customer: Customer, found: list[Occasion], now_ms: int, settings: Settings) -> tuple[str, ...]:
    """Waiting triggers of which nothing holds any more, or that may not go out now after all."""
    held = held_until(customer, now_ms, settings) > 0
    alive = {
        each.key
        for each in found
        if channel_for(customer, each.kind, settings) and not (held and each.kind not in SERVICE)
    }
    return tuple(each.id for each in customer.waiting if alive.isdisjoint(each.keys))


def _placed(customer: Customer, new: list[Occasion], now_ms: int, settings: Settings) -> list[Placed]:
    """Messages by the first moment at which each may go out; those for which that is too late are gone."""
    zone, held = their_zone(customer, settings), held_until(customer, now_ms, settings)
    placed = []
    for message in _messages(new, now_ms):
        kind = message[0].kind
        channel = channel_for(customer, kind, settings)
        earliest = max(
            message[0].due_ms, 0 if kind in SERVICE else held, _rested(customer, message, settings)
        )
        at_ms = after_quiet(max(earliest, now_ms), settings.quiet, zone)
        if channel is not None and at_ms < min(each.expires_ms for each in message):
            placed.append(Placed(message, after_quiet(earliest, settings.quiet, zone), at_ms, channel))
    return placed


def _messages(new: list[Occasion], now_ms: int) -> Iterator[tuple[Occasion, ...]]:
    """Occasions that stand together and are due make one message for each kind; all others stand alone."""
    for _, some in groupby(
        sorted(new, key=lambda each: (each.kind, each.due_ms)), key=lambda each: each.kind
    ):
        of_kind = list(some)
        due = [each for each in of_kind if each.together and each.due_ms <= now_ms]
        if due:
            yield tuple(due)
        yield from ((each,) for each in of_kind if each not in due)


def _rested(customer: Customer, message: tuple[Occasion, ...], settings: Settings) -> int:
    """When the kind has rested since the last one of it, apart from steps of the same series."""
    kind = message[0].kind
    rest_ms = int(settings.message(kind).rest_days * DAY_MS)
    family = _families_key(message[0])
    own = message[0].key.rpartition(":")[0] if message[0].step > 1 else None
    last = max(
        (at for key, at in customer.done.items() if key.startswith(family) and key.rpartition(":")[0] != own),
        default=None,
    )
    return last + rest_ms if last is not None and rest_ms else 0


def _families_key(occasion: Occasion) -> str:
    return occasion.key.partition(":")[0] + ":"


def _urgency(placed: Placed) -> tuple[int, int]:
    return KINDS.index(placed.first.kind), placed.first.due_ms


def _trigger(customer: Customer, placed: Placed, settings: Settings, suggest: Suggest) -> Trigger:
    first = placed.first
    products = tuple(dict.fromkeys(product for each in placed.occasions for product in each.products))
    if not products and first.suggested:
        products = suggest(first.suggested)
    return Trigger(
        id=f"{customer.id}:{first.key}",
        kind=first.kind,
        customer_id=customer.id,
        channel=placed.channel,
        products=products[: settings.products],
        due_at=datetime.fromtimestamp(placed.due_ms / 1000, UTC),
        expires_at=datetime.fromtimestamp(min(each.expires_ms for each in placed.occasions) / 1000, UTC),
        reason=_reason(placed.occasions),
        slot=f"{first.kind}_{first.step}",
        offer=_offer(first.kind, first.step, settings),
        step=first.step,
        keys=tuple(each.key for each in placed.occasions),
    )


def _reason(occasions: tuple[Occasion, ...]) -> Reason:
    """The first one's; the evidence of the others stands under `also`."""
    first, others = occasions[0].reason, occasions[1:]
    if not others:
        return first
    also = [each.reason.evidence for each in others]
    return msgspec.structs.replace(first, evidence={**first.evidence, "also": also})


def _offer(kind: Kind, step: int, settings: Settings) -> str | None:
    offers = settings.message(kind).offers or (NO_OFFER,)
    offer = offers[min(step, len(offers)) - 1]
    return None if offer == NO_OFFER else offer
