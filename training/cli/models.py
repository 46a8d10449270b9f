"""Commands about models: train, list, publish, roll back."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from features.cli.commands import store
from features.cli.options import (
    DEFAULT_HOME,
    HomeOption,
    JsonOption,
    console,
    plain_errors,
    progress,
    show,
    show_table,
)
from features.home import Home
from features.store.redis_server import RedisServerError
from features.store.settings import StoreSettings
from training.errors import CannotTrain

models = typer.Typer(help="Model versions: see them, publish one, go back.", no_args_is_help=True)


TuneOption = Annotated[
    float, typer.Option(min=0, help="Minutes to look for better settings; later trainings begin with them.")
]


def train(home: HomeOption = DEFAULT_HOME, tune: TuneOption = 0, as_json: JsonOption = False) -> None:
    """Train on the whole history, compare with simple baselines, publish what passes."""
    # Imported here because serving imports this module too, and must not load training's libraries.
    from features.catalogue.live_changes import all_changes
    from features.catalogue.products import merge_live
    from features.history.archiver import Archiver
    from training.experiments.plans import remember_plans, saved_plans
    from training.privacy.erase import forget_erased_in_model
    from training.reports.build import write_insights
    from training.run.train import train as fit_and_publish
    from training.settings import TrainingSettings

    shop = Home(home)
    with plain_errors(RedisServerError, CannotTrain):
        with store(shop) as client:
            Archiver(client, shop, StoreSettings()).run(burst=True)
            merge_live(shop, all_changes(client), datetime.now(UTC))
            remember_plans(shop, saved_plans(client))
        with progress() as report:
            result = fit_and_publish(shop, TrainingSettings(), datetime.now(UTC), report, tune)
            forget_erased_in_model(shop, result.version)
            write_insights(shop, report)
    show(result, as_json=as_json)
    if not result.published:
        raise typer.Exit(1)


@models.command("list")
def list_models(home: HomeOption = DEFAULT_HOME) -> None:
    """All versions with what they were made of; the star serves."""
    from recommender.model import versions
    from recommender.model.bundle_files import BadBundle

    folder = Home(home).models
    with plain_errors(BadBundle):
        pointer = versions.current(folder)
    rows = [
        (
            "*" if pointer and pointer.version == manifest.version else "",
            manifest.version,
            *(f"{number:,}" for number in (manifest.orders, manifest.customers, manifest.products)),
            f"{manifest.first_order[:10]} to {manifest.last_order[:10]}",
        )
        for manifest in versions.manifests(folder)
    ]
    show_table(("", "version", "orders", "customers", "products", "data"), rows)


@models.command("publish")
def publish_model(version: str, home: HomeOption = DEFAULT_HOME) -> None:
    """Let a version serve."""
    from recommender.model import versions
    from recommender.model.bundle_files import BadBundle

    with plain_errors(BadBundle):
        console.print(f"{versions.publish(Home(home).models, version).version} serves now.")


@models.command("rollback")
def roll_back_model(home: HomeOption = DEFAULT_HOME) -> None:
    """Let the version serve that served before this one."""
    from recommender.model import versions
    from recommender.model.bundle_files import BadBundle

    with plain_errors(BadBundle):
        console.print(f"{versions.rollback(Home(home).models).version} serves now.")
