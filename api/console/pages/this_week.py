"""This week: what Perennial earned, how the shop does, what needs attention, what to do next."""

from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from api.console.first_steps import first_steps
from api.console.own_api import Refused
from api.console.page import Console, Viewer, is_demo, period_of
from api.console.reports import by_name, columns, figures, first_records, report

PAGE: Final = "/console/this-week"
MAIN: Final = ("revenue", "orders", "aov", "margin", "new_customers", "repeat_rate", "ltv_to_cac")
MOST_SETS, MOST_REFILLS = 3, 6
router = APIRouter()


@router.get(PAGE)
async def this_week(console: Viewer) -> Response:
    found = await report(console, "kpi", **period_of(console.request).query)
    steps = await report(console, "next_steps")
    attention = await console.get("/v1/attention")
    first = [] if is_demo(console.request) else await first_steps(console)
    done = {step.name for step in first if step.is_done}
    return console.render(
        "this_week.html",
        found=found,
        parts=[(part, figures(part), columns(by_name(part)["by_day"])) for part in found["parts"]],
        main=MAIN,
        attention=attention,
        segments=first_records(steps, "segments"),
        refills=first_records(steps, "refills")[:MOST_REFILLS],
        sets=await _sets(console),
        waits="orders" in done and "train" not in done,
        steps=first,
        base=str(console.request.base_url).rstrip("/"),
    )


async def _sets(console: Console) -> list[dict[str, Any]]:
    """Sets that add to the margin; none without a model."""
    try:
        found = await console.get("/v1/bundles", k=MOST_SETS)
    except Refused:
        return []
    return [each for each in found["bundles"] if (each.get("expected_margin_gain") or 0) > 0]
