"""Every figure with its definition: the reports as `perennial report` writes them."""

from typing import Annotated, Final

from fastapi import APIRouter, HTTPException, Query
from starlette.responses import Response

from api.console.page import Viewer
from api.console.reports import report
from features.insights.report_files import INSIGHTS

PAGE: Final = "/console/figures"
router = APIRouter()


@router.get(PAGE)
async def figures(console: Viewer, name: Annotated[str, Query(alias="report")] = INSIGHTS[0]) -> Response:
    if name not in INSIGHTS:
        raise HTTPException(404, "There is no such report.")
    return console.render("figures.html", name=name, names=INSIGHTS, report=await report(console, name))
