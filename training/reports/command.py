"""`perennial report`: figures on the terminal, or as JSON, CSV or a page to print."""

from __future__ import annotations

import sys
from datetime import date, datetime
from typing import Annotated, Literal

import typer

from features.commands import store
from features.home import Home
from features.redis_server import RedisServerError
from features.reports.shape import Report
from features.terminal import DEFAULT_HOME, HomeOption, console, errors, plain_errors

report = typer.Typer(help="Figures to steer a shop by.", no_args_is_help=True)

Format = Literal["table", "json", "csv", "html"]
FormatOption = Annotated[Format, typer.Option("--format", help="html is one page, to look at or print.")]
AsOfOption = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="What was known at the end of this day (UTC)."),
]
ABOUT = {
    "kpi": "Revenue, LTV, repeat rate and the like; cohorts, segments, channels, affinities with --about.",
    "experiment": "What each experiment's arms brought, what Perennial earned, and how sure that is.",
    "customers": "Every customer: orders, revenue, segment, tier, churn risk and what is expected.",
}
About = Literal["kpi", "cohorts", "segments", "channels", "affinities"]


@report.command("kpi", help=ABOUT["kpi"])
def kpi(
    about: Annotated[About, typer.Option(help="Which figures.")] = "kpi",
    format: FormatOption = "table",
    as_of: AsOfOption = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    _show(Home(home), about, format, as_of)


@report.command("customers", help=ABOUT["customers"])
def customers(
    format: FormatOption = "table", as_of: AsOfOption = None, home: HomeOption = DEFAULT_HOME
) -> None:
    _show(Home(home), "customers", format, as_of)


@report.command("experiment", help=ABOUT["experiment"])
def experiment(
    experiment_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Only this one.")] = None,
    format: FormatOption = "table",
    as_of: AsOfOption = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    # Here and not above: a serving process reads this file too, and must not load training's libraries.
    from training.experiments.plans import remember_plans, saved_plans
    from training.reports.build import newest_day
    from training.reports.experiments import experiments_report
    from training.reports.shop import load_shop

    shop = Home(home)
    with plain_errors(RedisServerError, LookupError):
        with store(shop) as client:
            remember_plans(shop, saved_plans(client))
        day = as_of.date() if as_of else newest_day(shop)
        built = experiments_report(shop, load_shop(shop, day), experiment_id)
        _print(shop, built, format, keep=as_of is None and experiment_id is None)


def _show(home: Home, name: str, format: Format, as_of: datetime | None) -> None:
    from training.reports.build import build_report, newest_day
    from training.reports.shop import load_shop

    day: date = as_of.date() if as_of else newest_day(home)
    built = build_report(load_shop(home, day), name)
    _print(home, built, format, keep=as_of is None and name != "customers")


def _print(home: Home, built: Report, format: Format, *, keep: bool) -> None:
    """keep: the service answers with it from now on."""
    import msgspec

    from features.reports.files import write_report
    from features.reports.page import as_html
    from features.reports.spreadsheet import as_csv
    from features.reports.terminal import print_report

    if keep:
        write_report(home, built)
    if format == "table":
        print_report(built, console)
    else:
        text = {"json": lambda: msgspec.json.encode(built).decode(), "csv": lambda: as_csv(built)}
        sys.stdout.write(text.get(format, lambda: as_html(built))())
        for note in built.notes:
            errors.print(note, highlight=False)
