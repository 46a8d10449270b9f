"""`/v1/merchandising`: the merchant's rules, and a look at what they would change."""

import asyncio
import time
from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response

from api.schemas.recommendations import (
    Move,
    PreviewAnswer,
    PreviewAsk,
    RuleEffect,
    RulesToSave,
    SavedRulesAnswer,
)
from api.schemas.revisions import RulesVersion, VersionAsk
from api.serving.answering import items_json, request_of, shown_products
from api.serving.inputs import Sent, body_of, query_of
from api.serving.revisions import read_version, refuse, save_version
from api.serving.security import CallerName, SecretService
from api.serving.service import Service
from api.serving.shoppers import live_shopper, shopper_of
from api.web.openapi import documented, takes
from api.web.problems import Problem
from api.web.replies import JsonReply, encode
from features.merchant.versioned_settings import (
    MERCHANDISING,
    SettingVersion,
)
from recommender.merchandising.rules import Rules, contradictions, unknown_names
from recommender.preview import PreviewStep, preview
from recommender.recommend import Pick, Recommender

router = APIRouter(tags=["merchandising"])


@router.get("/v1/merchandising", **documented(SavedRulesAnswer, 404, 422, 503, query=VersionAsk))
async def saved_rules(service: SecretService, ask: Annotated[VersionAsk, query_of(VersionAsk)]) -> Response:
    """The rules as they stand, or as they were at an earlier `revision`."""
    return _saved(service, *await read_version(service, ask.revision, MERCHANDISING, "/v1/merchandising"))


@router.put(
    "/v1/merchandising", **documented(SavedRulesAnswer, 400, 409, 413, 422, 503, body=takes(RulesToSave))
)
async def put_rules(
    service: SecretService, caller: CallerName, body: Annotated[Sent[RulesToSave], body_of(RulesToSave)]
) -> Response:
    """Replace all rules. Contradictions are refused; products that the model does not know are warnings."""
    sent = body.checked
    refuse("rules", contradictions(sent.rules))
    versions = await save_version(service, MERCHANDISING, sent.rules, sent.revision, caller)
    await service.refresh_rules()
    return _saved(service, versions, versions[0])


@router.post(
    "/v1/merchandising/preview", **documented(PreviewAnswer, 400, 413, 422, 503, body=takes(PreviewAsk))
)
async def preview_rules(
    request: Request, service: SecretService, body: Annotated[Sent[PreviewAsk], body_of(PreviewAsk)]
) -> Response:
    """One answer without rules and with these, and what each of them changes. Nothing is saved or counted."""
    ask = body.checked
    refuse("rules", contradictions(ask.rules))
    if service.recommender is None:
        raise Problem(503, "There is no model yet: run `perennial train`.", headers={"Retry-After": "60"})
    base = service.recommender
    recommender = Recommender(base.bundle, base.availability, tiers=base.tiers)
    shopper = shopper_of(request, "secret", service, ask.request)
    shopper, log, _ = await live_shopper(service, shopper)
    now = ask.at.timestamp() if ask.at else time.time()
    to_answer = request_of(service, ask.request, shopper, log, now)
    recommender = recommender.for_market_of(to_answer)
    plain, steps = await asyncio.to_thread(
        preview, recommender, ask.rules, to_answer, ask.request.k, shopper.visitor
    )
    before, after = (
        msgspec.Raw(items_json(picks, shown_products(recommender, picks)).encode())
        for picks in (plain, steps[-1].after if steps else plain)
    )
    answer = {
        "before": before,
        "after": after,
        "rules": [_effect(recommender, step) for step in steps],
        "warnings": unknown_names(ask.rules, recommender.bundle.tables),
    }
    return JsonReply(encode(answer))


def _saved(service: Service, versions: Sequence[SettingVersion], version: SettingVersion) -> Response:
    rules = msgspec.json.decode(version.settings, type=Rules)
    tables = service.recommender.bundle.tables if service.recommender else None
    answer = SavedRulesAnswer(
        revision=version.revision,
        saved_at=version.saved_at,
        rules=rules,
        warnings=unknown_names(rules, tables) if tables else [],
        versions=[
            RulesVersion(each.revision, each.saved_at, each.saved_by, len(msgspec.json.decode(each.settings)))
            for each in versions
        ],
    )
    return JsonReply(encode(answer))


def _effect(recommender: Recommender, step: PreviewStep) -> RuleEffect:
    before, after = (_ranks(recommender, picks) for picks in (step.before, step.after))
    return RuleEffect(
        id=step.rule.id,
        name=step.rule.name,
        speaks=step.is_active,
        added=[product for product in after if product not in before],
        removed=[product for product in before if product not in after],
        moved=[
            Move(product, before[product], rank)
            for product, rank in after.items()
            if before.get(product, rank) != rank
        ],
    )


def _ranks(recommender: Recommender, picks: Sequence[Pick]) -> dict[str, int]:
    """Product id -> rank, from 1."""
    name = recommender.bundle.tables.products.name
    return {name(pick.item): rank for rank, pick in enumerate(picks, 1)}
