"""`/v1/non-products`: the merchant's own rule of what is no product: postage, fees, deposits, vouchers."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Response

from api.schemas.revisions import SettingsVersion, VersionAsk
from api.serving.inputs import Sent, body_of, query_of
from api.serving.revisions import listed, read_version, save_version
from api.serving.security import CallerName, SecretService
from api.serving.tiers import changing_file
from api.web.openapi import documented, takes
from api.web.replies import JsonReply, encode
from features.catalogue.non_product_rule import RULE_FILE, BadRule, NonProductRule, read_rule, write_rule
from features.merchant.versioned_settings import NON_PRODUCTS, SettingVersion

router = APIRouter(tags=["catalogue"])


class RuleToSave(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole rule, in place of the one before. With `revision`, the one you changed, nobody's work is
    lost."""

    rule: NonProductRule
    revision: int | None = None


class RuleAnswer(msgspec.Struct, frozen=True):
    """The rule, and the versions that are kept, newest first. problem: why its file cannot be used."""

    revision: int
    saved_at: datetime | None
    rule: NonProductRule
    versions: list[SettingsVersion]
    problem: str | None = None


@router.get("/v1/non-products", **documented(RuleAnswer, 404, 422, 503, query=VersionAsk))
async def non_products(service: SecretService, ask: Annotated[VersionAsk, query_of(VersionAsk)]) -> Response:
    """The rule as it stands, or as it was saved at an earlier `revision`. Needs a secret key."""
    versions, version = await read_version(service, ask.revision, NON_PRODUCTS, "/v1/non-products")
    if ask.revision is not None:
        return _saved(versions, version, msgspec.json.decode(version.settings, type=NonProductRule))
    try:  # the file counts: somebody may have edited it by hand
        rule = await asyncio.to_thread(read_rule, service.home)
    except BadRule as error:
        return _saved(versions, version, NonProductRule(), str(error))
    return _saved(versions, version, rule)


@router.put("/v1/non-products", **documented(RuleAnswer, 400, 409, 413, 422, 503, body=takes(RuleToSave)))
async def put_non_products(
    service: SecretService, caller: CallerName, body: Annotated[Sent[RuleToSave], body_of(RuleToSave)]
) -> Response:
    """Replace the rule: answers go by it within a minute, models and reports from the next training on. What
    the lists of postage, fees, vouchers and the like in eight languages find is no product without a rule.
    Needs a secret key."""
    sent = body.checked
    async with changing_file(service.home, RULE_FILE):
        versions = await save_version(service, NON_PRODUCTS, body.as_sent["rule"], sent.revision, caller)
        await asyncio.to_thread(write_rule, service.home, encode(sent.rule))
    return _saved(versions, versions[0], sent.rule)


def _saved(
    versions: Sequence[SettingVersion],
    version: SettingVersion,
    rule: NonProductRule,
    problem: str | None = None,
) -> Response:
    return JsonReply(encode(RuleAnswer(version.revision, version.saved_at, rule, listed(versions), problem)))
