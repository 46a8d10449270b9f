"""`/v1/insights`: the figures behind the dashboard, as training and `perennial report` left them."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response

from api.openapi import answers
from api.problems import Problem
from api.service import Service
from features.reports.files import INSIGHTS, read_report
from features.reports.shape import Report

router = APIRouter(tags=["insights"])
NOT_YET = "There are no figures yet. `perennial train` works them out, and so does `perennial report kpi`."


@router.get("/v1/insights/{name}", responses=answers(Report))
async def insight(name: str, request: Request) -> Response:
    """One report: figures and tables with their definitions, a part for each currency. Needs a secret key."""
    service: Service = request.app.state.service
    service.access.require_secret(request)
    if name not in INSIGHTS:
        raise Problem(404, f"There are figures of {', '.join(INSIGHTS)}; not of {name!r}.")
    found = await asyncio.to_thread(read_report, service.home, name)
    if found is None:
        raise Problem(404, NOT_YET)
    return Response(found, media_type="application/json", headers={"Cache-Control": "private, no-store"})
