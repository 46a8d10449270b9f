"""`/v1/segments/{segment}.csv`: the customers of a segment as a file, to write to them from another tool."""

import asyncio
import csv
import io
import time
from collections.abc import AsyncIterator, Iterable
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Response
from starlette.responses import StreamingResponse

from api.serving.inputs import query_of
from api.serving.security import SecretService
from api.serving.service import Service
from api.web.problems import Problem
from features.insights.formulas import is_formula
from recommender.arrays.id_map import IdMap
from recommender.customers.members import Member, members
from recommender.model.bundle import Tables
from recommender.model.customer_tables import CustomerTable
from recommender.value.segments import SEGMENTS

router = APIRouter(tags=["customers"])
NAMES = [each.name for each in SEGMENTS]
BATCH = 5_000  # customers that are looked at before other answers have their turn


class SegmentAsk(msgspec.Struct, frozen=True):
    """agreed: only those who agreed to e-mails."""

    agreed: bool = False


@router.get("/v1/segments/{segment}.csv", include_in_schema=False)
async def customers_of_segment(
    segment: str, service: SecretService, ask: Annotated[SegmentAsk, query_of(SegmentAsk)]
) -> Response:
    """A row for each customer of a segment, as of the last training: orders, revenue, what is expected in the
    next 365 days, and whether they agreed to e-mails (empty: not known). Needs a secret key.

    Not part of the documented interface: it is a file for people, and described in docs/insights.md.
    """
    if segment not in NAMES:
        raise Problem(422, f"segment: there are {', '.join(NAMES)}; not {segment!r}.")
    tables = service.recommender.bundle.tables if service.recommender else None
    name = f"{segment.replace(' ', '-')}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    lines = _lines(service, tables, segment, agreed=ask.agreed)
    return StreamingResponse(lines, media_type="text/csv", headers=headers)


async def _lines(
    service: Service, tables: Tables | None, segment: str, *, agreed: bool
) -> AsyncIterator[str]:
    yield _csv([Member._fields])
    if tables is None or tables.people is None:
        return
    now, n = time.time(), len(tables.customers)
    for start in range(0, n, BATCH):
        rows = range(start, min(start + BATCH, n))
        found = await asyncio.to_thread(_members, tables.people, tables.customers, segment, rows, now)
        kept = [each for each in found if (each.consent or not agreed) and service.customer(each.customer_id)]
        if kept:
            yield _csv(kept)


def _members(people: CustomerTable, names: IdMap, segment: str, rows: range, now: float) -> list[Member]:
    return list(members(people, names, segment, rows, now))


def _csv(rows: Iterable[Iterable[Any]]) -> str:
    """Text that a spreadsheet would work out gets an apostrophe."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([_cell(cell) for cell in row] for row in rows)
    return out.getvalue()


def _cell(cell: Any) -> Any:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return f"'{cell}" if isinstance(cell, str) and is_formula(cell) else cell
