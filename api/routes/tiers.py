"""`/v1/tiers`: the merchant's loyalty tiers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import msgspec
from fastapi import APIRouter, Request, Response

from api.schemas.recommendations import VersionAsk
from api.schemas.triggers import SettingsVersion
from api.serving.revisions import asked, refuse, saved
from api.serving.service import Service
from api.web.openapi import answers, parameters, takes
from api.web.queries import checked, decode_json, read_body
from api.web.replies import JsonReply, encode
from features.merchant.tiers import read_tiers, write_tiers
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


@router.get("/v1/tiers", responses=answers(TiersAnswer), openapi_extra=parameters(VersionAsk))
async def tiers(request: Request) -> Response:
    """The tiers as they stand, or as they were saved at an earlier `revision`. Needs a secret key."""
    service: Service = request.app.state.service
    service.access.require_secret(request)
    versions, version = await asked(service, request, TIER_SETTINGS, "/v1/tiers")
    if "revision" in request.query_params:
        return _saved(versions, version, msgspec.json.decode(version.settings, type=TierPlan))
    try:  # the file is what counts: somebody may have written it by hand
        plan = read_plan(await asyncio.to_thread(read_tiers, service.home)) or TierPlan()
    except BadTiers as error:
        return _saved(versions, version, TierPlan(), str(error))
    return _saved(versions, version, plan)


@router.put("/v1/tiers", responses=answers(TiersAnswer), openapi_extra=takes(TiersToSave))
async def put_tiers(request: Request) -> Response:
    """Replace all tiers: profiles go by them from the next question on, triggers from the next round. Needs a
    secret key."""
    service: Service = request.app.state.service
    service.access.require_secret(request)
    body = decode_json(await read_body(request, service.settings.max_body_bytes))
    sent = checked(body, TiersToSave, strict=True)
    refuse("plan", contradictions(sent.plan))
    versions = await saved(service, TIER_SETTINGS, body["plan"], sent.revision)
    await asyncio.to_thread(write_tiers, service.home, encode(body["plan"]))
    return _saved(versions, versions[0], sent.plan)


def _saved(
    versions: Sequence[SettingVersion], version: SettingVersion, plan: TierPlan, problem: str | None = None
) -> Response:
    kept = [SettingsVersion(each.revision, each.saved_at) for each in versions]
    return JsonReply(encode(TiersAnswer(version.revision, version.saved_at, plan, kept, problem)))
