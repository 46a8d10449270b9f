"""`/v1/models`: versions of the model, and which serves; `/v1/trainings`: the next one."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Response

from api.schemas.models import (
    Examined,
    Measured,
    ModelsAnswer,
    ModelVersion,
    PublishAsk,
    TrainingsAnswer,
)
from api.serving.inputs import Sent, body_of
from api.serving.security import CallerName, SecretService
from api.serving.service import Service
from api.web.openapi import documented, takes
from api.web.problems import Problem
from api.web.replies import JsonReply, encode
from features.home import Home
from features.store.parts import part_states
from features.store.trainings import ask_training, asked_training, is_training, last_training
from recommender.model import publications, versions
from recommender.model.bundle import Manifest
from recommender.model.bundle_files import BadBundle

router = APIRouter(tags=["operations"])
PUBLICATIONS_SHOWN = 20
WORKER_SILENT = timedelta(minutes=1)


@router.get("/v1/models", **documented(ModelsAnswer))
async def models(service: SecretService) -> Response:
    """The versions of the model: of what they were made, how well they did on the shop's last weeks beside
    simple methods, which serves, and which training refused and why. Needs a secret key."""
    return await _models(service)


@router.post("/v1/models/rollback", **documented(ModelsAnswer, 409))
async def roll_back_model(service: SecretService, caller: CallerName) -> Response:
    """Let the version serve that served before this one. Needs a secret key."""
    folder, now = service.home.models, datetime.now(UTC)
    try:
        await asyncio.to_thread(publications.roll_back, folder, now, caller)
    except BadBundle as error:
        raise Problem(409, f"{error}.") from error
    return await _models(service)


@router.post(
    "/v1/models/{version}/publish",
    **documented(ModelsAnswer, 400, 404, 413, 422, body=takes(PublishAsk)),
)
async def publish_model(
    version: str,
    service: SecretService,
    caller: CallerName,
    body: Annotated[Sent[PublishAsk], body_of(PublishAsk)],
) -> Response:
    """Let a version serve, after checking every byte of it; running services follow within a second. One that
    training refused is refused here, too, with its reasons; `force` publishes it all the same, and is logged.
    Needs a secret key."""
    folder, now = service.home.models, datetime.now(UTC)
    publish = partial(publications.publish, folder, version, now, force=body.checked.force, by=caller)
    try:
        await asyncio.to_thread(publish)
    except versions.Refused as error:
        raise Problem(422, f'{error}. `{{"force": true}}` publishes it all the same.') from error
    except BadBundle as error:
        raise Problem(422 if (folder / version).is_dir() else 404, f"{error}.") from error
    return await _models(service)


@router.get("/v1/trainings", **documented(TrainingsAnswer))
async def trainings(service: SecretService) -> Response:
    """Whether a model is trained now, how far it is, and how the last training ended. Needs a secret key."""
    return JsonReply(encode(await asyncio.to_thread(_trainings, service.home)))


@router.post("/v1/trainings", **documented(TrainingsAnswer, status=202))
async def train_now(service: SecretService, caller: CallerName) -> Response:
    """Ask the worker to train now, whatever is due. It begins within seconds, and what passes its checks is
    published. While one runs, or is asked for, nothing more happens. Needs a secret key."""
    now = datetime.now(UTC)
    await asyncio.to_thread(_ask, service.home, now, caller)
    return JsonReply(encode(await asyncio.to_thread(_trainings, service.home)), status=202)


async def _models(service: Service) -> Response:
    try:
        pointer = versions.current(service.home.models)
    except BadBundle:
        pointer = None
    found, published = await asyncio.to_thread(_found, service.home.models)
    loaded = service.recommender
    answer = ModelsAnswer(
        models=[_version(each, pointer) for each in found],
        loaded=loaded.bundle.manifest.version if loaded else None,
        problem=service.model_problem,
        goes_back_to=next(iter(pointer.previous), None) if pointer else None,
        published=list(published),
    )
    return JsonReply(encode(answer))


def _found(folder: Path) -> tuple[list[Manifest], list[publications.Publication]]:
    """Newest first, both."""
    newest = [*versions.manifests(folder)][::-1]
    return newest, [*publications.publications(folder, PUBLICATIONS_SHOWN)]


def _version(manifest: Manifest, pointer: versions.Pointer | None) -> ModelVersion:
    return ModelVersion(
        version=manifest.version,
        trained_at=datetime.fromisoformat(manifest.created_at),
        serves=pointer is not None and pointer.version == manifest.version,
        orders=manifest.orders,
        customers=manifest.customers,
        products=manifest.products,
        first_order=datetime.fromisoformat(manifest.first_order),
        last_order=datetime.fromisoformat(manifest.last_order),
        seconds=float(manifest.settings.get("seconds", 0.0)),
        examined=[_examined(task, result) for task, result in manifest.metrics.items()],
        refused=list(manifest.refused),
        warnings=list(manifest.settings.get("warnings", ())),
    )


def _examined(task: str, result: Mapping[str, Any]) -> Examined:
    """result: measures by method, and the number of cases."""
    measures: dict[str, dict[str, Measured]] = {}
    for method, values in result.items():
        if method != "cases":
            for measure, value in values.items():
                measures.setdefault(measure, {})[method] = msgspec.convert(value, Measured)
    return Examined(task, result["cases"], measures)


def _ask(home: Home, now: datetime, by: str | None) -> None:
    if asked_training(home) is None and not is_training(home):
        ask_training(home, now, by)


def _trainings(home: Home) -> TrainingsAnswer:
    asked, now = asked_training(home), datetime.now(UTC)
    retraining = part_states(home, now).get("retraining")
    running = is_training(home)
    newest = max(versions.manifests(home.models), key=lambda each: each.created_at, default=None)
    return TrainingsAnswer(
        running=running,
        asked_at=asked.at if asked else None,
        asked_by=asked.by if asked else None,
        worker=retraining is not None and now - datetime.fromisoformat(retraining.at) < WORKER_SILENT,
        usual_seconds=float(newest.settings.get("seconds", 0.0)) or None if newest else None,
        last=last_training(home),
    )
