"""`/v1/experiments`: what is tried on whom."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
from fastapi import APIRouter, Response

from api.schemas.experiments import ExperimentsAnswer, ExperimentsToSave
from api.schemas.revisions import ExperimentsVersion, VersionAsk
from api.serving.inputs import Sent, body_of, query_of
from api.serving.revisions import read_version, refuse, save_version
from api.serving.security import CallerName, SecretService
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
    return _saved(service, *await read_version(service, ask.revision, EXPERIMENTS, "/v1/experiments"))


@router.put(
    "/v1/experiments",
    **documented(ExperimentsAnswer, 400, 409, 413, 422, 503, body=takes(ExperimentsToSave)),
)
async def put_experiments(
    service: SecretService,
    caller: CallerName,
    body: Annotated[Sent[ExperimentsToSave], body_of(ExperimentsToSave)],
) -> Response:
    """Replace all experiments; the next answer goes by them. Refused: contradictions, models that are not
    there, and changes that would move visitors of a running one to another arm. Needs a secret key."""
    sent = body.checked
    now = datetime.now(UTC)
    current = await EXPERIMENTS.current(service.writes)
    problems = contradictions(sent.experiments)
    problems += refused_changes(_plans(current), sent.experiments, now)
    problems += await asyncio.to_thread(_missing_models, service.home.models, sent.experiments)
    refuse("experiments", problems)
    # Saved only over the version that was checked: a change that came in between is not overwritten.
    revision = current.revision if sent.revision is None else sent.revision
    versions = await save_version(service, EXPERIMENTS, body.as_sent["experiments"], revision, caller)
    await service.refresh_experiments()
    return _saved(service, versions, versions[0])


def _plans(version: SettingVersion) -> Experiments:
    return msgspec.json.decode(version.settings, type=Experiments)


def _missing_models(folder: Path, sent: Sequence[Experiment]) -> list[str]:
    problems = []
    for version in sorted({arm.model for each in sent for arm in each.arms if arm.model is not None}):
        try:
            models.check(folder, version)
        except BadBundle as error:
            problems.append(f"The model `{version}` cannot serve an arm: {error}.")
    return problems


def _saved(service: Service, versions: Sequence[SettingVersion], version: SettingVersion) -> Response:
    plans, now = _plans(version), datetime.now(UTC)
    answer = ExperimentsAnswer(
        revision=version.revision,
        saved_at=version.saved_at,
        experiments=plans,
        running=[each.id for each in plans if each.runs(now)],
        holdout=service.store_settings.holdout,
        warnings=[*oddities(plans, now), *_unknown(service, plans)],
        versions=[
            ExperimentsVersion(
                each.revision, each.saved_at, each.saved_by, [plan.id for plan in _plans(each)]
            )
            for each in versions
        ],
    )
    return JsonReply(encode(answer))


def _unknown(service: Service, plans: Sequence[Experiment]) -> Iterator[str]:
    """Warnings of offers and products that arms name and the shop does not have (yet)."""
    offers = {offer.id for offer in service.offers.offers}
    for each in plans:
        for arm in each.arms:
            for name in (name for name in arm.offers or () if name not in offers):
                yield f"Arm `{arm.id}` of `{each.id}`: the catalogue has no offer `{name}`."
            if arm.rules and service.recommender is not None:
                yield from unknown_names(arm.rules, service.recommender.bundle.tables)
