"""Customers: segments and what to do, whom to expect what of, cohorts, channels, and segments as files."""

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from api.console.page import HEADERS, Merchandiser, Viewer
from api.console.reports import Json, by_name, figures, records, report

PAGE: Final = "/console/customers"
COHORTS: Final = ("retention", "revenue_cohorts")
GROUPS: Final = ("by_first_product", "by_channel")
router = APIRouter()


@router.get(PAGE)
async def customers(console: Viewer) -> Response:
    segments, cohorts, channels = [
        await report(console, name) for name in ("segments", "cohorts", "channels")
    ]
    return console.render(
        "customers.html",
        found=segments,
        parts=[(part, _known(part), by_name(part)) for part in segments["parts"] if part["tables"]],
        records=records,
        cohorts=[(part, by_name(part)) for part in cohorts["parts"] if part["tables"]],
        channels=[(part, figures(part), by_name(part)) for part in channels["parts"] if part["tables"]],
        heat=COHORTS,
        groups=GROUPS,
    )


@router.get(f"{PAGE}/segment.csv")
async def segment_file(console: Merchandiser, name: str, agreed: bool = False) -> Response:
    """A segment's customers, to write to them from another tool."""
    content = await console.bytes_of(f"/v1/segments/{name}.csv", agreed=agreed or None)
    file = f"{name.replace(' ', '-')}.csv"
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{file}"'}
    return Response(content, media_type="text/csv", headers=headers)


def _known(part: Json) -> dict[str, Json]:
    """Customers apart are told of where there are any."""
    known = figures(part)
    apart = known.get("wholesalers", {}).get("value")
    return {name: each for name, each in known.items() if apart or not name.startswith("wholesale")}
