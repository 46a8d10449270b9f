"""Health, readiness and metrics, for those who run the service."""

import asyncio
from contextlib import suppress
from typing import Literal

import msgspec
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.serving.service import Service
from api.web.metrics import exposition
from api.web.openapi import documented, replies
from api.web.replies import JsonReply, encode
from features.connections.arrivals import read_counts
from features.connections.settings_file import DamagedConnections, read_connections
from features.store.connection import StoreUnavailable
from features.store.parts import PartState

router = APIRouter(tags=["operations"])
NOT_READY = "No model yet: import orders (`perennial import orders FILE`), then `perennial train`."


class Health(msgspec.Struct, frozen=True):
    """The process runs."""

    status: Literal["ok"] = "ok"


class Readiness(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether a model is loaded, which, what to do about none, and, for operators, what is wrong with a newer
    one.

    parts: those that fail now, of this process and of the others of the service.
    """

    ready: bool
    model_version: str | None
    model_problem: str | None
    store: Literal["ok", "unavailable"]
    hint: str | None = None
    parts: dict[str, PartState] = {}


@router.get("/healthz", **documented(Health))
async def healthz() -> Response:
    """The process runs. Says nothing of what it depends on."""
    return JsonReply(encode(Health()))


@router.get("/readyz", **documented(Readiness, others={503: replies(Readiness, "No model is loaded yet.")}))
async def readyz(request: Request) -> Response:
    """Ready: a model is loaded. A store that is away only degrades answers: `store` says so."""
    service: Service = request.app.state.service
    recommender = service.recommender
    state = Readiness(
        ready=recommender is not None,
        model_version=recommender.bundle.manifest.version if recommender else None,
        model_problem=service.model_problem if service.is_operator(request) else None,
        store="ok" if service.store.available else "unavailable",
        hint=None if recommender else NOT_READY,
        parts={name: each for name, each in service.parts().items() if each.failing},
    )
    return JsonReply(encode(state), status=200 if recommender else 503)


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Prometheus metrics of all worker processes, for operators."""
    service: Service = request.app.state.service
    service.require_operator(request)
    messages = {}
    with suppress(StoreUnavailable, DamagedConnections, OSError):
        connected = await asyncio.to_thread(read_connections, service.home)
        messages = await read_counts(service.store, connected)
    return Response(exposition(service.parts(), messages), media_type=CONTENT_TYPE_LATEST)
