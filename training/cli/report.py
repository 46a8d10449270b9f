"""`perennial report`: figures on the terminal, or as JSON, CSV or a page to print."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from features.cli.commands import store
from features.cli.options import DEFAULT_HOME, HomeOption, console, errors, plain_errors
from features.home import Home
from features.store.redis_server import RedisServerError

if TYPE_CHECKING:
    from features.insights.periods import PeriodAsk
    from features.insights.report import Report

report = typer.Typer(help="Figures to steer a shop by.", no_args_is_help=True)

ReportFormat = Literal["table", "json", "csv", "html"]
FormatOption = Annotated[
    ReportFormat, typer.Option("--format", help="html is one page, to look at or print.")
]
AsOfOption = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="What was known at the end of this day (UTC)."),
]
DaysOption = Annotated[
    int | None, typer.Option(min=1, help="The last so many whole days, beside as many before.")
]
FromOption = Annotated[
    datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day of a period.")
]
ToOption = Annotated[
    datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day of it; else the newest.")
]
About = Literal["kpi", "cohorts", "segments", "channels", "affinities"]


@report.command("kpi")
def kpi(
    about: Annotated[About, typer.Option(help="Which figures.")] = "kpi",
    format: FormatOption = "table",
    as_of: AsOfOption = None,
    days: Annotated[
        int | None, typer.Option(min=1, help="Of so many whole days, beside those before.")
    ] = None,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Of a period.")
    ] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Its last day.")] = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Revenue, LTV, repeat rate and the like; cohorts, segments, channels, affinities with --about."""
    ask = _period(days, first, last)
    if ask.is_given and about != "kpi":
        raise typer.BadParameter(f"--about {about} is of all time up to --as-of")
    _show(Home(home), about, format, as_of, ask=ask)


@report.command("recommendations")
def recommendations(
    format: FormatOption = "table",
    days: DaysOption = None,
    first: FromOption = None,
    last: ToOption = None,
    placement: Annotated[str | None, typer.Option(help="At this one alone.")] = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """What was shown, clicked and bought, by placement and day; by default of the last 28 days."""
    from features.insights.recommendation_figures import report_of_recommendations
    from training.ledger.shop import load_shop
    from training.reports.build import newest_day
    from training.reports.recommendations import recommendation_days

    shop, now = Home(home), datetime.now(UTC)
    ask = _period(days, first, last)
    known = load_shop(shop, newest_day(shop, now), with_forecast=False, now=now)
    _print(report_of_recommendations(recommendation_days(shop, known), ask, placement), format)


@report.command("experiment")
def experiment(
    experiment_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Only this one.")] = None,
    format: FormatOption = "table",
    as_of: AsOfOption = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """What each experiment's arms brought, what Perennial earned, and how sure that is."""
    # Imported here because serving imports this module too, and must not load training's libraries.
    from features.insights.report_files import write_report
    from training.experiments.plans import remember_plans, saved_plans
    from training.ledger.shop import load_shop
    from training.reports.build import newest_day
    from training.reports.experiments import experiments_report

    shop = Home(home)
    with plain_errors(RedisServerError, LookupError):
        with store(shop) as client:
            remember_plans(shop, saved_plans(client))
        now = datetime.now(UTC)
        day = as_of.date() if as_of else newest_day(shop, now)
        built = experiments_report(shop, load_shop(shop, day, now=None if as_of else now), experiment_id)
        if as_of is None and experiment_id is None:
            write_report(shop, built)
        _print(built, format)


@report.command("pricing")
def pricing(
    format: FormatOption = "table", as_of: AsOfOption = None, home: HomeOption = DEFAULT_HOME
) -> None:
    """How sales answered prices, which discounts earned, and which gave margin away."""
    _show(Home(home), "pricing", format, as_of, with_forecast=False)


@report.command("offers")
def offers(format: FormatOption = "table", home: HomeOption = DEFAULT_HOME) -> None:
    """What was offered, what was taken, and what it earned."""
    from training.reports.offers import offers_report
    from training.reports.policy import finished_outcomes

    shop = Home(home)
    day, currency = _today(shop)
    _print(offers_report(shop, finished_outcomes(shop), day, currency), format)


@report.command("policy")
def policy(
    replay: Annotated[
        list[Path] | None,
        typer.Option("--replay", exists=True, help="A catalogue (JSON) to decide by instead; repeatable."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Version whose beliefs decide; else what the log's other customers teach."),
    ] = None,
    format: FormatOption = "table",
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """What offer policies earn by the shop's own decisions; a new catalogue before it goes live."""
    from training.errors import BadDataset
    from training.offers.candidates import offer_model_of, read_catalogue
    from training.reports.policy import finished_outcomes, policy_report

    shop = Home(home)
    with plain_errors(BadDataset):
        candidates = {path.stem: read_catalogue(path) for path in replay or ()}
        offer_model = offer_model_of(shop, model) if model else None
        day, currency = _today(shop)
        _print(policy_report(finished_outcomes(shop), day, currency, candidates, offer_model), format)


@report.command("model")
def model(format: FormatOption = "table", home: HomeOption = DEFAULT_HOME) -> None:
    """The model that serves: how well it does, and what it knows of offers."""
    from training.reports.model import model_report
    from training.reports.policy import finished_outcomes, with_margin_told

    shop = Home(home)
    told = model_report(shop, _today(shop)[0].isoformat())
    _print(with_margin_told(told, finished_outcomes(shop)), format)


@report.command("customers")
def customers(
    format: FormatOption = "table", as_of: AsOfOption = None, home: HomeOption = DEFAULT_HOME
) -> None:
    """Every customer: orders, revenue, segment, tier, churn risk and what is expected."""
    _show(Home(home), "customers", format, as_of)


def _period(days: int | None, first: datetime | None, last: datetime | None) -> PeriodAsk:
    from features.insights.periods import PeriodAsk

    with plain_errors(ValueError):
        return PeriodAsk(days, first.date() if first else None, last.date() if last else None)


def _show(
    home: Home,
    name: str,
    format: ReportFormat,
    as_of: datetime | None,
    *,
    with_forecast: bool = True,
    ask: PeriodAsk | None = None,
) -> None:
    # Imported here because serving imports this module too, and must not load training's libraries.
    from features.insights.report_files import write_report
    from features.people.kept_emails import emails_of
    from training.ledger.shop import load_shop
    from training.reports.build import build_report, newest_day, report_of_period

    now = datetime.now(UTC)
    day: date = as_of.date() if as_of else newest_day(home, now)
    shop = load_shop(home, day, with_forecast=with_forecast, now=None if as_of else now)
    if ask is not None and ask.is_given:
        _print(report_of_period(home, shop, ask), format)
        return
    if name == "customers":
        shop = replace(shop, emails=emails_of(home))
    built = build_report(shop, name)
    if as_of is None and name != "customers":
        write_report(home, built)
    _print(built, format)


def _today(home: Home) -> tuple[date, str | None]:
    """The day of the figures, see `newest_day`, and the most usual currency."""
    from training.ledger.shop import load_shop
    from training.reports.build import newest_day

    shop = load_shop(home, newest_day(home, datetime.now(UTC)), with_forecast=False)
    return shop.as_of, next(iter(shop.ledger.currencies), None)


def _print(built: Report, format: ReportFormat) -> None:
    import msgspec

    from features.insights.html_page import as_html
    from training.reports.render.spreadsheet import as_csv
    from training.reports.render.terminal import print_report

    if format == "table":
        print_report(built, console)
    else:
        text = {"json": lambda: msgspec.json.encode(built).decode(), "csv": lambda: as_csv(built)}
        sys.stdout.write(text.get(format, lambda: as_html(built))())
        for note in built.notes:
            errors.print(note, highlight=False)
