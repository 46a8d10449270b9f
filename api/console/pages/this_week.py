"""This week: what Perennial earned, how the shop does, what needs attention, what to do next."""

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from api.console.page import Viewer, period_of
from api.console.reports import by_name, columns, figures, first_records, report

PAGE: Final = "/console/this-week"
MAIN: Final = ("revenue", "orders", "aov", "margin", "new_customers", "repeat_rate", "ltv_to_cac")
MOST_SETS, MOST_REFILLS = 3, 6
router = APIRouter()


@router.get(PAGE)
async def this_week(console: Viewer) -> Response:
    found = await report(console, "kpi", **period_of(console.request).query)
    steps = await report(console, "next_steps")
    sets = await console.get("/v1/bundles", k=MOST_SETS)
    attention = await console.get("/v1/attention")
    return console.render(
        "this_week.html",
        found=found,
        parts=[(part, figures(part), columns(by_name(part)["by_day"])) for part in found["parts"]],
        main=MAIN,
        attention=attention,
        segments=first_records(steps, "segments"),
        refills=first_records(steps, "refills")[:MOST_REFILLS],
        sets=[each for each in sets["bundles"] if (each.get("expected_margin_gain") or 0) > 0],
    )
