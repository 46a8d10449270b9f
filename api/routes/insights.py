"""`/v1/insights`: the figures that the owner steers by, as training and `perennial report` left them."""

import asyncio
from datetime import date
from typing import Annotated

import msgspec
from fastapi import APIRouter, Response

from api.serving.budget_report import with_budgets
from api.serving.inputs import query_of
from api.serving.latency import with_latency
from api.serving.security import SecretService
from api.web.openapi import documented
from api.web.problems import Problem
from api.web.replies import encode
from features.home import Home
from features.insights.period_figures import figures_of_period
from features.insights.periods import PeriodAsk
from features.insights.recommendation_figures import recommendations_of_period
from features.insights.report import Report
from features.insights.report_files import INSIGHTS, read_report


class InsightAsk(PeriodAsk, frozen=True, rename={"first": "from", "last": "to"}):
    """as_of: the day that the figures must be of; else whatever day they are of. days: of so many whole days;
    from, to: of these days. placement: of recommendations at this one alone."""

    as_of: date | None = None
    placement: str | None = None


class Day(msgspec.Struct, frozen=True):
    """The day that a report is of."""

    as_of: date


router = APIRouter(tags=["insights"])
NOT_YET = "There are no figures yet. `perennial train` works them out, and so does `perennial report kpi`."


@router.get("/v1/insights/{name}", **documented(Report, 404, 422, query=InsightAsk))
async def insight(
    name: str, service: SecretService, ask: Annotated[InsightAsk, query_of(InsightAsk)]
) -> Response:
    """One report: figures and tables with their definitions, a part for each currency. Needs a secret key.

    `as_of` must be the day that the figures are of: those of another day are worked out by
    `perennial report ... --as-of`, which reads the whole history. `kpi` and `recommendations` of a
    period (`days`, or `from` and `to`) have each figure of the period before, too, and a line a day.
    """
    if name not in INSIGHTS:
        raise Problem(404, f"There are figures of {', '.join(INSIGHTS)}; not of {name!r}.")
    report = await asyncio.to_thread(_read, service.home, name, ask)
    if report is None:
        raise Problem(404, NOT_YET)
    as_of = msgspec.json.decode(report, type=Day).as_of
    if ask.as_of is not None and ask.as_of != as_of:
        command = f"perennial report kpi --about {name} --as-of {ask.as_of} --format json"
        raise Problem(422, f"as_of: these figures are of {as_of}. For another day run `{command}`.")
    if name == "offers":
        report = await with_budgets(service, report)
    return Response(report, media_type="application/json", headers={"Cache-Control": "private, no-store"})


def _read(home: Home, name: str, ask: InsightAsk) -> bytes | None:
    """The JSON of a report; None before the first training. Raises Problem 422."""
    if name == "recommendations":
        shown = recommendations_of_period(home, ask, ask.placement)
        return None if shown is None else encode(with_latency(shown))
    if not ask.is_given:
        return read_report(home, name)
    if name != "kpi":
        raise Problem(422, f"days: {name} is of all time; `kpi` and `recommendations` have periods.")
    figures = figures_of_period(home, ask)
    return None if figures is None else encode(figures)
