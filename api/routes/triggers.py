"""`/v1/triggers`: what to send to whom now, as a stream of lines, and the merchant's settings for it."""

import re
import time
from collections.abc import AsyncIterator, Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Response
from starlette.responses import StreamingResponse

from api.schemas.revisions import VersionAsk
from api.schemas.triggers import (
    TriggerAsk,
    TriggerLine,
    TriggerSettingsAnswer,
    TriggerSettingsToSave,
)
from api.serving.inputs import Sent, body_of, query_of
from api.serving.revisions import listed, read_version, refuse, save_version
from api.serving.security import CallerName, SecretService
from api.serving.service import Service
from api.serving.triggers_due import due_page
from api.web.openapi import NDJSON, documented, takes
from api.web.problems import Problem
from api.web.replies import JsonReply, encode
from features.merchant.versioned_settings import OFFER_CATALOGUE, TRIGGER_SETTINGS, SettingVersion
from features.outgoing.trigger_queue import BEGINNING, Page
from recommender.lifecycle.vocabulary.occasion import MESSAGE_KINDS
from recommender.lifecycle.vocabulary.settings import Settings, contradictions, unknown_offers
from recommender.offers.catalogue import Catalogue

router = APIRouter(tags=["triggers"])

PAGE_ENTRIES = 500  # looked at in one step of Redis, about a millisecond
CURSOR = re.compile(r"\d{1,18}(-\d{1,18})?")


@router.get("/v1/triggers", **documented(TriggerLine, 422, 503, query=TriggerAsk, media_type=NDJSON))
async def triggers(service: SecretService, ask: Annotated[TriggerAsk, query_of(TriggerAsk)]) -> Response:
    """Messages now due, a line each (NDJSON), oldest first. Needs a secret key.

    Ask with `since`, the `cursor` of the last line you have dealt with: no trigger is told twice, and none
    is missed. Each is looked at again as it is read: by prices, stock, consent and orders of now; what has no
    reason any more is left out. A trigger counts as a contact once it has been read (unless with `preview`).
    A line with `"cancelled": true` says that an earlier one is off.
    """
    kinds = _kinds(ask.kind)
    since = ask.since or BEGINNING
    if not CURSOR.fullmatch(since):
        raise Problem(422, "since: not a cursor; take it from a line of an earlier answer, or leave it out.")
    # Read before the answer begins: a store that is away can still be a 503.
    first = await _page(service, since, kinds, ask)
    return StreamingResponse(_lines(service, first, kinds, ask), media_type="application/x-ndjson")


@router.get("/v1/triggers/settings", **documented(TriggerSettingsAnswer, 404, 422, 503, query=VersionAsk))
async def trigger_settings(
    service: SecretService, ask: Annotated[VersionAsk, query_of(VersionAsk)]
) -> Response:
    """The settings as they stand, or as they were at an earlier `revision`."""
    versions, version = await read_version(service, ask.revision, TRIGGER_SETTINGS, "/v1/triggers/settings")
    return _saved(versions, version, await _offers(service))


@router.put(
    "/v1/triggers/settings",
    **documented(TriggerSettingsAnswer, 400, 409, 413, 422, 503, body=takes(TriggerSettingsToSave)),
)
async def put_trigger_settings(
    service: SecretService,
    caller: CallerName,
    body: Annotated[Sent[TriggerSettingsToSave], body_of(TriggerSettingsToSave)],
) -> Response:
    """Replace all settings; what is not named is as by default. The next round of triggers goes by them."""
    sent = body.checked
    refuse("settings", contradictions(sent.settings))
    versions = await save_version(service, TRIGGER_SETTINGS, body.as_sent["settings"], sent.revision, caller)
    return _saved(versions, versions[0], await _offers(service))


async def _page(service: Service, since: str, kinds: Sequence[str], ask: TriggerAsk) -> Page:
    now_ms = int(time.time() * 1000)
    return await due_page(service, since, kinds, now_ms, min(PAGE_ENTRIES, ask.limit), note=not ask.preview)


async def _lines(service: Service, page: Page, kinds: Sequence[str], ask: TriggerAsk) -> AsyncIterator[bytes]:
    """Whole lines. A store that goes away breaks the answer off; `since` goes on from its last line."""
    remaining = ask.limit
    while page.last:
        lines = [b'{"cursor":"%b",%b\n' % (cursor.encode(), line[1:]) for cursor, line in page.triggers]
        yield b"".join(lines)
        remaining -= len(lines)
        if remaining <= 0:
            return
        page = await _page(service, page.last, kinds, msgspec.structs.replace(ask, limit=remaining))


def _kinds(text: str | None) -> tuple[str, ...]:
    """Raises Problem 422."""
    kinds = tuple(kind.strip() for kind in (text or "").split(",") if kind.strip())
    unknown = [kind for kind in kinds if kind not in MESSAGE_KINDS]
    if unknown:
        raise Problem(422, f"kind: `{unknown[0]}` is none of {', '.join(sorted(MESSAGE_KINDS))}.")
    return kinds


async def _offers(service: Service) -> frozenset[str]:
    """Ids of what the shop offers at all."""
    for version in await OFFER_CATALOGUE.newest(service.store, 1):
        catalogue = msgspec.json.decode(version.settings, type=Catalogue)
        return frozenset(offer.id for offer in catalogue.offers)
    return frozenset()


def _saved(versions: Sequence[SettingVersion], version: SettingVersion, offers: frozenset[str]) -> Response:
    settings = msgspec.json.decode(version.settings, type=Settings)
    answer = TriggerSettingsAnswer(
        revision=version.revision,
        saved_at=version.saved_at,
        settings=settings,
        warnings=unknown_offers(settings, offers),
        versions=listed(versions),
    )
    return JsonReply(encode(answer))
