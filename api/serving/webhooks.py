"""Webhooks of connected services, from signed bytes to durable: are they theirs, are they new, what they ask.

Everything that must not be lost is durable before the answer: events in the stream, live products in Redis,
erasures and exports in the queues that the worker empties. That takes milliseconds; what is slow is the
worker's.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from api.serving.product_names import is_known, own_ids
from api.serving.receive_events import SET_ASIDE, receive_events
from api.serving.service import Service
from api.web.metrics import WEBHOOKS
from api.web.problems import Problem
from api.web.queries import decode_json
from features.catalogue.live_changes import put_changes
from features.catalogue.live_names import add_aliases, add_names
from features.connections.arrivals import Command, failed, note, passed
from features.connections.payloads import UNREADABLE, what_is_wrong
from features.connections.settings_file import DamagedConnections, Settings
from features.connections.webhook import Delivery, Memo, WebhookService, Work, is_signed
from features.connections.webhook_services import WEBHOOK_SERVICES
from features.connections.whole import require_whole
from features.live.set_aside import set_aside_text
from features.store import keys
from features.store.connection import StoreUnavailable
from features.store.tombstones import EVERYBODY, begin_erasure
from features.time_units import DAY_S

Outcome = Literal["taken", "seen", "test", "ping", "ignored", "set_aside"]
REMEMBERED_S = 3 * DAY_S  # a delivery's id; services try again for hours, and events have ids of their own
STRANGERS = frozenset({401, 403})  # anybody can cause these, as often as they like: noted once a minute
OTHER_TOPICS = "topics that mean nothing here"
_decode_memo = msgspec.json.Decoder(dict[str, Any]).decode


async def take_webhook(service: Service, name: str, headers: Mapping[str, str], body: bytes) -> Outcome:
    """Take one delivery, durable when it returns. headers: by their names in lower case.

    Raises Problem 400, 401, 403 or 404, and 503 where it is to be sent again; StoreUnavailable.
    """
    hooks, settings = _connected(service, name)
    delivery, now = hooks.delivery(headers), datetime.now(UTC)
    if delivery is None:
        WEBHOOKS.add(name, "ping")
        return "ping"
    try:
        _check(delivery, settings, body)
        outcome, notes = await _taken(service, name, delivery, body, now)
    except Problem as problem:
        topic = delivery.topic if delivery.topic in hooks.topics else "a topic that is not known"
        WEBHOOKS.add(name, "refused")
        if problem.status not in STRANGERS or service.connections.refusals.lets(name, now):
            await _note(service, failed(name, f"{topic}: {problem.detail}", now))
        raise
    WEBHOOKS.add(name, outcome)
    await _note(service, notes)
    return outcome


def _connected(service: Service, name: str) -> tuple[WebhookService, Settings]:
    hooks = WEBHOOK_SERVICES.get(name)
    try:
        settings = service.connections.of(name) if hooks else None
        if settings is not None and not settings.get("secrets"):
            require_whole(name, settings)
    except (OSError, DamagedConnections) as error:
        raise Problem(
            503, "connections.json is damaged: `perennial connect` says how.", headers={"Retry-After": "60"}
        ) from error
    if hooks is None or settings is None:
        raise Problem(404, f"{name[:50]} is not connected: `perennial connect` does it.")
    return hooks, settings


def _check(delivery: Delivery, settings: Settings, body: bytes) -> None:
    if not is_signed(body, delivery.signature, settings.get("secrets", ())):
        raise Problem(401, "The signature is not that of the secret that this service was connected with.")
    shop = settings.get("shop")
    if shop and delivery.shop is not None and delivery.shop != shop:
        raise Problem(403, f"This comes from {delivery.shop[:100]}, and {shop} is connected.")


async def _taken(
    service: Service, name: str, delivery: Delivery, body: bytes, now: datetime
) -> tuple[Outcome, tuple[Command, ...]]:
    """What became of a delivery that is the service's own, and what to note of it."""
    topic, seen = delivery.topic, keys.webhook(name, delivery.delivery_id)
    if topic not in WEBHOOK_SERVICES[name].topics:
        return "ignored", passed(name, OTHER_TOPICS, now)
    if delivery.is_test:
        return "test", passed(name, f"{topic} (test)", now)
    if delivery.delivery_id and await service.writes.call("EXISTS", seen):
        return "seen", passed(name, f"{topic} (again)", now)
    payload = decode_json(body)
    try:
        work = await _work(service, name, topic, payload)
    except UNREADABLE as error:
        reason = f"{topic}: not as {name} documents it: {what_is_wrong(error, payload)}"
        await set_aside_text(service.writes, body, f"webhook of {name}, {reason}", now)
        return "set_aside", failed(name, reason, now)
    refused = await _done(service, name, work, now)
    if refused:
        await set_aside_text(service.writes, body, f"webhook of {name}, {topic}: {refused}", now)
    if delivery.delivery_id:
        await service.writes.call("SET", seen, "1", "EX", REMEMBERED_S)
    trouble = refused or work.trouble
    notes = passed(name, topic, now)
    return "taken", notes + failed(name, f"{topic}: {trouble}", now) if trouble else notes


async def _work(service: Service, name: str, topic: str, payload: Any) -> Work:
    hooks = WEBHOOK_SERVICES[name]
    thing = hooks.about(topic, payload)
    memo = await _kept(service, keys.webhook_memo(name, thing)) if thing else {}
    return hooks.translate(topic, payload, memo)


async def _done(service: Service, name: str, work: Work, now: datetime) -> str | None:
    """Do the work; why some of it was refused, None if all is done."""
    refused = await _change_products(service, work) if work.products or work.names else None
    if work.events:
        raws = [msgspec.json.encode(event) for event in work.events]
        receipt = await receive_events(service, raws, "secret", now)
        rejected = [each.reason for each in receipt.answer.rejected]
        refused = next((reason for reason in rejected if not reason.startswith(SET_ASIDE)), refused)
    for thing, memo in work.memos.items():
        await _keep(service, keys.webhook_memo(name, thing), memo)
    await _mind_people(service, name, work)
    return refused


async def _kept(service: Service, key: str) -> Memo:
    kept: bytes | None = await service.writes.call("GET", key)
    return _decode_memo(kept) if kept else {}


async def _keep(service: Service, key: str, memo: Memo) -> None:
    """What is not told now stays; of a `revision` the highest, as two may be told at once."""
    kept = await _kept(service, key)
    whole = {**kept, **memo}
    if "revision" in whole:
        whole["revision"] = max(whole["revision"], kept.get("revision", 0))
    await service.writes.call(
        "SET", key, msgspec.json.encode(whole), "EX", service.store_settings.order_memory_days * DAY_S
    )


async def _change_products(service: Service, work: Work) -> str | None:
    """Live products and their names, under the products' own ids; the first that is refused."""
    own = await own_ids(service, service.writes, [*work.products, *work.names.values()])
    new = [name for name in work.products if name not in own and not is_known(service, name)]
    outcome = await put_changes(
        service.writes, {own.get(name, name): dict(fields) for name, fields in work.products.items()}
    )
    await add_names(service.writes, [name for name in new if name not in outcome.rejected])
    await add_aliases(
        service.writes, {alias: own.get(product, product) for alias, product in work.names.items()}
    )
    await service.refresh_shelf()
    return next((f"product {name}: {why}" for name, why in outcome.rejected.items()), None)


async def _mind_people(service: Service, service_name: str, work: Work) -> None:
    """Erasures and exports, by every name of a customer; the worker finishes what is begun here."""
    now_ms = int(time.time() * 1000)
    for name in {each for own in _names(service, work.erase) for each in (own, service.names.current(own))}:
        await begin_erasure(service.writes, name, now_ms)
    for name in {service.names.current(own) for own in _names(service, work.export)}:
        await service.writes.call("HSETNX", keys.exports_due(), name, now_ms)
    if work.erase_shop and (service.connections.of(service_name) or {}).get("erase_on_redact"):
        await begin_erasure(service.writes, EVERYBODY, now_ms)
    if work.erase or work.erase_shop:
        await service.refresh_erased()


def _names(service: Service, people: Sequence[str]) -> list[str]:
    """Those by which the home knows them: of an address the name under the home's key."""
    key = service.people_key.key
    return [(key.email(each) or each) if "@" in each else each for each in people]


async def _note(service: Service, commands: tuple[Command, ...]) -> None:
    """A note that is lost costs nothing."""
    with suppress(StoreUnavailable):
        await note(service.writes, commands)
