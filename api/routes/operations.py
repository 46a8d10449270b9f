"""Health, readiness and metrics, for those who run the service."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.serving.service import Service
from api.web.metrics import exposition
from api.web.replies import encode

router = APIRouter(tags=["operations"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process runs. Says nothing of what it depends on."""
    return {"status": "ok"}


@router.get("/readyz", response_model=None)
async def readyz(request: Request) -> Response:
    """Ready: a model is loaded. Without the store answers go on, degraded, so that is told and no more."""
    service: Service = request.app.state.service
    recommender = service.recommender
    state: dict[str, Any] = {
        "ready": recommender is not None,
        "model_version": recommender.bundle.manifest.version if recommender else None,
        "model_problem": service.model_problem,
        "store": "ok" if service.store.available else "unavailable",
    }
    if recommender is None:
        state["hint"] = (
            "No model yet: import orders (`perennial import orders FILE`), then `perennial train`."
        )
    return Response(encode(state), 200 if recommender else 503, media_type="application/json")


@router.get("/metrics", include_in_schema=False)
async def metrics() -> Response:
    """Prometheus metrics of all worker processes."""
    return Response(exposition(), media_type=CONTENT_TYPE_LATEST)
