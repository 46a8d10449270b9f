"""`plan`: which messages a customer gets now, which waiting ones are withdrawn, and when to check again."""

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
from recommender.lifecycle.messages import birthday, referral, refills, service, welcome, win_back
from recommender.lifecycle.messages import tiers_and_vip as tiers
from recommender.lifecycle.timing import after_quiet, budget_opens, channel_for, held_until, zone_for
from recommender.lifecycle.vocabulary.customer import Customer
from recommender.lifecycle.vocabulary.occasion import (
    MESSAGE_KINDS,
    SERVICE,
    TRANSACTIONAL,
    MessageKind,
    Occasion,
    OccasionReason,
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
    service,
    tiers,
    welcome,
    win_back,
    wishes,
)
CHECK_AGAIN_MS = DAY_MS
Suggest = Callable[[Suggested], tuple[str, ...]]


class MessagePlan(NamedTuple):
    """triggers: to send now; ended: ids of waiting triggers whose reason is gone; next_check_ms: when to
    check again, unless an event comes first."""

    triggers: tuple[Trigger, ...]
    ended: tuple[str, ...]
    next_check_ms: int


class ScheduledMessage(NamedTuple):
    """Occasions that make one message. due_ms: since when it may be sent; at_ms: the next time it may."""

    occasions: tuple[Occasion, ...]
    due_ms: int
    at_ms: int
    channel: str

    @property
    def first(self) -> Occasion:
        return self.occasions[0]


def plan(customer: Customer, now_ms: int, settings: Settings, suggest: Suggest) -> MessagePlan:
    """suggest: a campaign -> products for a message that names none itself."""
    occasions = [each for each in _occasions_of(customer, now_ms, settings) if now_ms < each.expires_ms]
    gone = _ended(customer, occasions, now_ms, settings)
    new = [each for each in occasions if each.key not in customer.done]
    scheduled = _scheduled(customer, new, now_ms, settings)
    due = sorted((each for each in scheduled if each.at_ms <= now_ms), key=_urgency)
    contacts = _contacts(customer, gone)
    checks = [each.at_ms for each in scheduled if each.at_ms > now_ms]
    sent: list[ScheduledMessage] = []
    for message in due:
        if message.first.kind in TRANSACTIONAL:
            sent.append(message)
        elif budget_opens(contacts, settings, now_ms) <= now_ms:
            contacts.append(now_ms)
            sent.append(message)
    if len(sent) < len(due):
        checks.append(budget_opens(contacts, settings, now_ms))
    triggers = tuple(_trigger(customer, each, settings, suggest) for each in sent)
    return MessagePlan(triggers, gone, min([now_ms + CHECK_AGAIN_MS, *checks]))


def ended(customer: Customer, now_ms: int, settings: Settings) -> tuple[str, ...]:
    """Ids of waiting triggers whose reason is gone by now."""
    occasions = [each for each in _occasions_of(customer, now_ms, settings) if now_ms < each.expires_ms]
    return _ended(customer, occasions, now_ms, settings)


def _occasions_of(customer: Customer, now_ms: int, settings: Settings) -> Iterator[Occasion]:
    for family in FAMILIES:
        for each in family.occasions(customer, now_ms, settings):
            if settings.message(each.kind).enabled:
                yield each


def _contacts(customer: Customer, ended: tuple[str, ...]) -> list[int]:
    """Times of messages to them, sent or waiting to be sent; withdrawn ones do not count."""
    past = {contact.id: contact.at_ms for contact in customer.contacts}
    waiting = {
        each.id: each.at_ms
        for each in customer.waiting
        if each.id not in ended and not TRANSACTIONAL.intersection(key.partition(":")[0] for key in each.keys)
    }
    return list({**waiting, **past}.values())


def _ended(customer: Customer, occasions: list[Occasion], now_ms: int, settings: Settings) -> tuple[str, ...]:
    """Ids of waiting triggers whose occasions are all gone, or that may not be sent any more."""
    is_held = held_until(customer, now_ms, settings) > 0
    valid_keys = {
        each.key
        for each in occasions
        if channel_for(customer, each.kind, settings) and not (is_held and each.kind not in SERVICE)
    }
    return tuple(each.id for each in customer.waiting if valid_keys.isdisjoint(each.keys))


def _scheduled(
    customer: Customer, new: list[Occasion], now_ms: int, settings: Settings
) -> list[ScheduledMessage]:
    """Messages with the first moment at which each may be sent, without those that expire before."""
    zone, held_ms = zone_for(customer, settings), held_until(customer, now_ms, settings)
    scheduled = []
    for message in _messages(new, now_ms):
        kind = message[0].kind
        channel = channel_for(customer, kind, settings)
        earliest = max(
            message[0].due_ms,
            0 if kind in SERVICE else held_ms,
            _pause_end(customer, message, settings),
        )
        at_ms = after_quiet(max(earliest, now_ms), settings.quiet, zone)
        if channel is not None and at_ms < min(each.expires_ms for each in message):
            scheduled.append(
                ScheduledMessage(message, after_quiet(earliest, settings.quiet, zone), at_ms, channel)
            )
    return scheduled


def _messages(new: list[Occasion], now_ms: int) -> Iterator[tuple[Occasion, ...]]:
    """Due occasions marked `together` make one message for each kind; every other occasion makes its own."""
    for _, group in groupby(
        sorted(new, key=lambda each: (each.kind, each.due_ms)), key=lambda each: each.kind
    ):
        of_kind = list(group)
        due = [each for each in of_kind if each.together and each.due_ms <= now_ms]
        if due:
            yield tuple(due)
        yield from ((each,) for each in of_kind if each not in due)


def _pause_end(customer: Customer, message: tuple[Occasion, ...], settings: Settings) -> int:
    """The end of the pause after the last message of the kind; steps of one series need no pause."""
    kind = message[0].kind
    pause_ms = int(settings.message(kind).rest_days * DAY_MS)
    family = _key_prefix(message[0])
    own = message[0].key.rpartition(":")[0] if message[0].step > 1 else None
    last = max(
        (at for key, at in customer.done.items() if key.startswith(family) and key.rpartition(":")[0] != own),
        default=None,
    )
    return last + pause_ms if last is not None and pause_ms else 0


def _key_prefix(occasion: Occasion) -> str:
    return occasion.key.partition(":")[0] + ":"


def _urgency(scheduled: ScheduledMessage) -> tuple[int, int]:
    return MESSAGE_KINDS.index(scheduled.first.kind), scheduled.first.due_ms


def _trigger(
    customer: Customer, scheduled: ScheduledMessage, settings: Settings, suggest: Suggest
) -> Trigger:
    first = scheduled.first
    products = tuple(dict.fromkeys(product for each in scheduled.occasions for product in each.products))
    if not products and first.suggested:
        products = suggest(first.suggested)
    return Trigger(
        id=f"{customer.id}:{first.key}",
        kind=first.kind,
        customer_id=customer.id,
        channel=scheduled.channel,
        products=products[: settings.products],
        due_at=datetime.fromtimestamp(scheduled.due_ms / 1000, UTC),
        expires_at=datetime.fromtimestamp(min(each.expires_ms for each in scheduled.occasions) / 1000, UTC),
        reason=_reason(scheduled.occasions),
        slot=f"{first.kind}_{first.step}",
        offer=_offer(first.kind, first.step, settings),
        step=first.step,
        keys=tuple(each.key for each in scheduled.occasions),
        guides=tuple(dict.fromkeys(guide for each in scheduled.occasions for guide in each.guides)),
    )


def _reason(occasions: tuple[Occasion, ...]) -> OccasionReason:
    """The first occasion's reason, with the evidence of the others under `also`."""
    first, others = occasions[0].reason, occasions[1:]
    if not others:
        return first
    also = [each.reason.evidence for each in others]
    return msgspec.structs.replace(first, evidence={**first.evidence, "also": also})


def _offer(kind: MessageKind, step: int, settings: Settings) -> str | None:
    offers = settings.message(kind).offers or (NO_OFFER,)
    offer = offers[min(step, len(offers)) - 1]
    return None if offer == NO_OFFER else offer
