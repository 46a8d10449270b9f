"""`/v1/experiments`: what is tried on whom."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
from fastapi import APIRouter, Response

from api.schemas.experiments import ExperimentsAnswer, ExperimentsToSave, ExperimentsVersion
from api.schemas.recommendations import VersionAsk
from api.serving.inputs import Sent, body_of, query_of
from api.serving.revisions import asked, refuse, saved
from api.serving.security import SecretService
from api.serving.service import Service
from api.web.openapi import documented, takes
from api.web.replies import JsonReply, encode
from features.merchant.versioned_settings import EXPERIMENTS, SettingVersion
from recommender.experiments.plan import Experiment, Experiments, contradictions, oddities, refused_changes
from recommender.merchandising.rules import unknown_names
from recommender.model import versions as models
from recommender.model.bundle_files import BadBundle

router = APIRouter(tags=["experiments"])


@router.get("/v1/experiments", **documented(ExperimentsAnswer, 404, 422, 503, query=VersionAsk))
async def experiments(service: SecretService, ask: Annotated[VersionAsk, query_of(VersionAsk)]) -> Response:
    """The experiments as they stand, or as they were at an earlier `revision`. Needs a secret key."""
    return _saved(service, *await asked(service, ask.revision, EXPERIMENTS, "/v1/experiments"))


@router.put(
    "/v1/experiments",
    **documented(ExperimentsAnswer, 400, 409, 413, 422, 503, body=takes(ExperimentsToSave)),
)
async def put_experiments(
    service: SecretService, body: Annotated[Sent[ExperimentsToSave], body_of(ExperimentsToSave)]
) -> Response:
    """Replace all experiments; the next answer goes by them. Refused: contradictions, models that are not
    there, and changes that would move visitors of a running one to another arm. Needs a secret key."""
    sent = body.checked
    now = datetime.now(UTC)
    standing = await EXPERIMENTS.current(service.writes)
    found = contradictions(sent.experiments)
    found += refused_changes(_plans(standing), sent.experiments, now)
    found += await asyncio.to_thread(_missing_models, service.home.models, sent.experiments)
    refuse("experiments", found)
    # By what was looked at: a change that came in between is not overwritten unseen.
    revision = standing.revision if sent.revision is None else sent.revision
    versions = await saved(service, EXPERIMENTS, body.as_sent["experiments"], revision)
    await service.refresh_experiments()
    return _saved(service, versions, versions[0])


def _plans(version: SettingVersion) -> Experiments:
    return msgspec.json.decode(version.settings, type=Experiments)


def _missing_models(folder: Path, sent: Sequence[Experiment]) -> list[str]:
    found = []
    for version in sorted({arm.model for each in sent for arm in each.arms if arm.model is not None}):
        try:
            models.check(folder, version)
        except BadBundle as error:
            found.append(f"The model `{version}` cannot serve an arm: {error}.")
    return found


def _saved(service: Service, versions: Sequence[SettingVersion], version: SettingVersion) -> Response:
    kept, now = _plans(version), datetime.now(UTC)
    answer = ExperimentsAnswer(
        revision=version.revision,
        saved_at=version.saved_at,
        experiments=kept,
        running=[each.id for each in kept if each.runs(now)],
        holdout=service.store_settings.holdout,
        warnings=[*oddities(kept, now), *_unknown(service, kept)],
        versions=[
            ExperimentsVersion(each.revision, each.saved_at, [plan.id for plan in _plans(each)])
            for each in versions
        ],
    )
    return JsonReply(encode(answer))


def _unknown(service: Service, kept: Sequence[Experiment]) -> Iterator[str]:
    """What arms name and the shop does not have (yet)."""
    offers = {offer.id for offer in service.offers.offers}
    for each in kept:
        for arm in each.arms:
            for name in (name for name in arm.offers or () if name not in offers):
                yield f"Arm `{arm.id}` of `{each.id}`: the catalogue has no offer `{name}`."
            if arm.rules and service.recommender is not None:
                yield from unknown_names(arm.rules, service.recommender.bundle.tables)
