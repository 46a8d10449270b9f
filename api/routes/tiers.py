"""`/v1/tiers`: the merchant's loyalty tiers."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Response

from api.schemas.revisions import SettingsVersion, VersionAsk
from api.serving.inputs import Sent, body_of, query_of
from api.serving.revisions import listed, read_version, refuse, save_version
from api.serving.security import CallerName, SecretService
from api.serving.tiers import changing_file
from api.web.openapi import documented, takes
from api.web.replies import JsonReply, encode
from features.merchant.tiers import TIERS_FILE, read_tiers, write_tiers
from features.merchant.versioned_settings import TIER_SETTINGS, SettingVersion
from recommender.customers.tiers import BadTiers, TierPlan, contradictions, read_plan

router = APIRouter(tags=["customers"])


class TiersToSave(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All tiers, in place of those before. With `revision`, the one you changed, nobody's work is lost."""

    plan: TierPlan
    revision: int | None = None


class TiersAnswer(msgspec.Struct, frozen=True):
    """The tiers, and the versions that are kept, newest first. problem: why nobody has a tier just now."""

    revision: int
    saved_at: datetime | None
    plan: TierPlan
    versions: list[SettingsVersion]
    problem: str | None = None


@router.get("/v1/tiers", **documented(TiersAnswer, 404, 422, 503, query=VersionAsk))
async def tiers(service: SecretService, ask: Annotated[VersionAsk, query_of(VersionAsk)]) -> Response:
    """The tiers as they stand, or as they were saved at an earlier `revision`. Needs a secret key."""
    versions, version = await read_version(service, ask.revision, TIER_SETTINGS, "/v1/tiers")
    if ask.revision is not None:
        return _saved(versions, version, msgspec.json.decode(version.settings, type=TierPlan))
    try:  # the file counts: somebody may have edited it by hand
        plan = read_plan(await asyncio.to_thread(read_tiers, service.home)) or TierPlan()
    except BadTiers as error:
        return _saved(versions, version, TierPlan(), str(error))
    return _saved(versions, version, plan)


@router.put("/v1/tiers", **documented(TiersAnswer, 400, 409, 413, 422, 503, body=takes(TiersToSave)))
async def put_tiers(
    service: SecretService, caller: CallerName, body: Annotated[Sent[TiersToSave], body_of(TiersToSave)]
) -> Response:
    """Replace all tiers: profiles go by them from the next question on, triggers from the next round. Needs a
    secret key."""
    sent = body.checked
    refuse("plan", contradictions(sent.plan))
    async with changing_file(service.home, TIERS_FILE):
        versions = await save_version(service, TIER_SETTINGS, body.as_sent["plan"], sent.revision, caller)
        await asyncio.to_thread(write_tiers, service.home, encode(body.as_sent["plan"]))
    return _saved(versions, versions[0], sent.plan)


def _saved(
    versions: Sequence[SettingVersion], version: SettingVersion, plan: TierPlan, problem: str | None = None
) -> Response:
    return JsonReply(encode(TiersAnswer(version.revision, version.saved_at, plan, listed(versions), problem)))
