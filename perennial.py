"""The command line, and the one place that wires features, recommender, training and api together."""

import json
import os
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal

import typer

from api.process.child import CannotStart
from api.process.processes import stop_with_parent
from api.web.logs import start_logging
from api.web.settings import ApiSettings
from features import extras
from features.cli.commands import keys
from features.cli.connect import connect
from features.cli.customers import customers as customer_names
from features.cli.imports import imports, list_imports
from features.cli.imports_preview import preview
from features.cli.mcp import mcp
from features.cli.money_imports import import_costs, import_rates
from features.cli.options import DEFAULT_HOME, HomeOption, JsonOption, console, errors, plain_errors, progress
from features.cli.poison import poison
from features.cli.users import users
from features.home import PRIVATE_UMASK, Home
from features.store.files import sweep
from features.store.locks import HomeInUse
from features.store.redis_keeper import kept_redis
from features.store.redis_server import RedisServerError
from features.store.settings import StoreSettings
from training.cli.evaluate import evaluate
from training.cli.models import models, train
from training.cli.outbound import add_services, send
from training.cli.privacy import erase, export
from training.cli.replay import replay
from training.cli.report import report
from training.cli.triggers import triggers
from training.cli.upkeep import backup, rebuild, restore

app = typer.Typer(
    name="perennial",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

imports.command("costs")(import_costs)
imports.command("rates")(import_rates)
imports.command("preview")(preview)
app.add_typer(imports, name="import")
app.command("imports")(list_imports)
app.command()(train)
app.command()(triggers)
app.add_typer(models, name="models")
app.add_typer(customer_names, name="customers")
app.add_typer(keys, name="keys")
app.add_typer(users, name="users")
add_services(connect)
app.add_typer(connect, name="connect")
app.command()(send)
app.add_typer(poison, name="poison")
app.add_typer(evaluate, name="evaluate")
app.add_typer(report, name="report")
app.command()(replay)
app.command()(mcp)
app.command()(export)
app.command()(erase)
app.command()(backup)
app.command()(restore)
app.command()(rebuild)

DAMAGED = "If a file of the history is damaged, `perennial poison replay` sets it aside."
DEMO_HOME = Path(".perennial-demo")
HostOption = Annotated[
    str | None, typer.Option("--host", help="Address to listen on.", show_default="127.0.0.1")
]
PortOption = Annotated[int | None, typer.Option("--port", help="0 takes a free one.", show_default="8000")]
WorkersOption = Annotated[int | None, typer.Option("--workers", help="API processes.", show_default="1")]
DEMO_GREETING = """
[bold green]Your demo shop is open:[/] {url}/demo
What its owner sees:     {url}/console

Public key  pk_demo   (recommendations, events)
Secret key  sk_demo   (everything)

What should this customer see at home, and why?
  [cyan]curl '{url}/v1/recommendations?placement=home&customer_id={customer}&k=4' \
-H 'Authorization: Bearer sk_demo'[/]
Tell it that somebody looked at a product ...
  [cyan]curl '{url}/v1/events?key=pk_demo' \
-d '{{"type": "view", "anonymous_id": "a-1", "product_id": "{product}"}}'[/]
... and ask again: the very next answer knows.
  [cyan]curl '{url}/v1/recommendations?placement=home&anonymous_id=a-1&k=4&key=pk_demo'[/]

API documentation: {url}/docs     Stop with Ctrl+C.
"""


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"perennial {version('perennial')}")
        raise typer.Exit


@app.callback()
def perennial(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version),
    ] = False,
) -> None:
    """Recommendations that bring customers back."""


@app.command()
def serve(
    home: HomeOption = DEFAULT_HOME,
    host: HostOption = None,
    port: PortOption = None,
    workers: WorkersOption = None,
    role: Annotated[Literal["all", "api", "worker"], typer.Option(help="What to run here.")] = "all",
    supervised: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Serve recommendations, take events, keep the history and retrain."""
    if supervised:
        stop_with_parent()
    with plain_errors(HomeInUse, RedisServerError, OSError, CannotStart):
        if role == "worker":
            _work(Home(home))
        elif role == "api":
            _serve_api(Home(home), ApiSettings.with_options(host=host, port=port))
        else:
            settings = ApiSettings.with_options(host=host, port=port, workers=workers)
            _serve_all(Home(home), settings, "Perennial serves on [bold]{url}[/]; Ctrl+C stops it.")


@app.command()
def demo(
    home: HomeOption = DEMO_HOME,
    host: HostOption = None,
    port: PortOption = None,
    seed: Annotated[int, typer.Option(help="Another number makes another shop.")] = 7,
    customers: Annotated[int, typer.Option(help="How many people shop there.")] = 6_000,
    products: Annotated[int, typer.Option(help="How many products it sells.")] = 800,
) -> None:
    """Build a whole shop with two years of history, train on it, and serve it."""
    from training.demo.build import build_demo, first_example, hand_out_keys
    from training.errors import CannotTrain

    shop = Home(home)
    with plain_errors(HomeInUse, RedisServerError, OSError, CannotTrain, CannotStart):
        if not (shop.models / "current").exists():
            with progress() as report:
                build_demo(shop, seed, customers, products, datetime.now(UTC), report)
        os.environ.setdefault("PERENNIAL_HOLDOUT", "0")  # whoever tries it sees it
        customer, product = first_example(shop)
        hand_out_keys(shop, datetime.now(UTC))
        greeting = DEMO_GREETING.replace("{customer}", customer).replace("{product}", product)
        _serve_all(shop, ApiSettings.with_options(host=host, port=port), greeting)


@app.command()
def bench(
    home: Annotated[
        Path | None, typer.Option("--home", help="Measure a copy of this demo home, not a generated shop.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Under a minute, in short windows.")] = False,
    growth: Annotated[
        bool, typer.Option("--growth", help="Curves over the size of the shop; hours. Resumes.")
    ] = False,
    only: Annotated[
        Literal["products", "customers", "both", "interactions", "goals"] | None,
        typer.Option(help="With --growth: this curve alone, or, anew, the points of which goals speak."),
    ] = None,
    shops: Annotated[
        Path | None, typer.Option(help="With --growth: a folder in which the generated shops stay.")
    ] = None,
    save: Annotated[Path | None, typer.Option(help="Where to write the figures, too.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure what an answer costs, next to a route that does nothing."""
    from loadtests.bench import command, curves, plan, show
    from loadtests.bench.generator import WrongAnswer
    from loadtests.machine.server import NoServer, stop_in_order

    extras.require("training")  # asked for by children, whose words would come late and in a traceback
    stop_in_order()
    with plain_errors(NoServer, WrongAnswer):
        if growth:
            anew = only == "goals"
            points, curve = (curves.GROWTH_OF_GOALS, "") if anew else (curves.FULL_GROWTH, only or "")
            curves.grow(save or curves.RESULTS, console.log, points, curve, shops, anew=anew)
            return
        figures = command.bench(home, plan.QUICK if quick else plan.FULL_BENCH, command.report_on_stderr)
    if save:
        save.parent.mkdir(parents=True, exist_ok=True)
        save.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    print(json.dumps(figures)) if as_json else show.show(figures)


@app.command()
def doctor(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Look whether a home is well; exit code 1 where something needs doing, each with one remedy."""
    from api.web.settings import ApiSettings
    from training.cli.doctor import examine

    with plain_errors(RedisServerError, OSError):
        well = examine(Home(home), ApiSettings().cors_origins, as_json=as_json)
    if not well:
        raise typer.Exit(1)


@app.command(hidden=True)
def docs(check: Annotated[bool, typer.Option(help="Only compare.")] = False) -> None:
    """Write the generated pages of docs/."""
    from features.cli.settings_table import settings_page
    from features.importers.statuses import statuses_section
    from features.insights.definitions import figures_page
    from training.settings import TrainingSettings

    pages = {
        Path("docs/settings.md"): settings_page([StoreSettings, ApiSettings, TrainingSettings]),
        Path("docs/figures.md"): figures_page(statuses_section()),
    }
    for path, page in pages.items():
        if not check:
            path.write_text(page, encoding="utf-8")
        elif not path.exists() or page != path.read_text(encoding="utf-8"):
            console.print(f"{path} has drifted: run `make docs`")
            raise typer.Exit(1)


def _serve_all(home: Home, settings: ApiSettings, greeting: str) -> None:
    from api.process.serve import serve_all

    _begin(home)

    def announce(url: str) -> None:
        console.print(greeting.format(url=url), soft_wrap=True)

    serve_all(home, settings, StoreSettings(), announce)


def _serve_api(home: Home, settings: ApiSettings) -> None:
    from api.process.serve import serve_api

    _begin(home)
    serve_api(home, settings, StoreSettings())


def _work(home: Home) -> None:
    from training.settings import TrainingSettings
    from training.worker.worker import work

    _begin(home)
    with kept_redis(home, StoreSettings()) as redis_url:
        work(home, redis_url, StoreSettings(), TrainingSettings())


def _begin(home: Home) -> None:
    start_logging()
    sweep(home.root)


def main() -> None:
    """Run the command; one whose extra is not installed says which it needs."""
    os.umask(PRIVATE_UMASK)
    try:
        app()
    except ModuleNotFoundError as error:
        extra = extras.extra_of(error.name)
        if extra is None:
            raise
        errors.print(f"{error}: {extras.remedy(extra)}", markup=False, highlight=False, soft_wrap=True)
        raise SystemExit(1) from None
    except Exception as error:
        if f"{type(error).__module__}.{type(error).__name__}" != "polars.exceptions.ComputeError":
            raise
        errors.print(f"{error}. {DAMAGED}", markup=False, highlight=False, soft_wrap=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
