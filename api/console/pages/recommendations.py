"""Recommendations: what was shown, clicked and bought, by placement, day and product."""

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from api.console.page import Viewer, period_of
from api.console.reports import Json, by_name, columns, figures, records, report

PAGE: Final = "/console/recommendations"
MAIN: Final = (
    "shown",
    "ctr",
    "added",
    "bought",
    "recommended_revenue",
    "revenue_per_thousand",
    "margin_per_thousand",
    "above_holdout",
    "coverage",
    "degraded_share",
    "latency_p50",
    "latency_p99",
)
PRODUCTS: Final = ("top_products", "dead_products")
router = APIRouter()


@router.get(PAGE)
async def recommendations(console: Viewer, placement: str = "") -> Response:
    period = period_of(console.request)
    found = await report(console, "recommendations", **period.query, placement=placement or None)
    part: Json = next(iter(found["parts"]), {"figures": [], "tables": [], "currency": None})
    tables = by_name(part)
    return console.render(
        "recommendations.html",
        found=found,
        part=part,
        tables=tables,
        figures=figures(part),
        main=MAIN,
        days=columns(tables["by_day"]) if "by_day" in tables else {},
        placements=records(tables["by_placement"]) if "by_placement" in tables else [],
        products=[tables[name] for name in PRODUCTS if name in tables],
        never=tables.get("never_shown"),
        placement=placement,
        period=period,
    )
