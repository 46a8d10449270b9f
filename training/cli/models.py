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
    from features.catalogue.live_changes import all_changes, put_changes_sync
    from features.catalogue.names import publish_names
    from features.catalogue.non_product_rule import BadRule
    from features.catalogue.products import merge_live
    from features.catalogue.sales import settle_sales
    from features.history.archiver import Archiver
    from features.history.damaged_files import despite_damage
    from features.progress import both
    from features.store.trainings import noted_training
    from training.experiments.plans import remember_plans, saved_plans
    from training.privacy.erase import forget_erased_in_model
    from training.reports.build import write_insights
    from training.run.train import train as fit_and_publish
    from training.settings import TrainingSettings

    shop = Home(home)
    with plain_errors(RedisServerError, CannotTrain, BadRule), noted_training(shop) as noted:
        with store(shop) as client:
            Archiver(client, shop, StoreSettings()).run(burst=True)
            merge_live(shop, all_changes(client), datetime.now(UTC))
            put_changes_sync(client, settle_sales(shop, datetime.now(UTC)))
            publish_names(client, shop)
            remember_plans(shop, saved_plans(client))
        with progress() as bars:
            report = both(bars, noted.report)
            settings, now = TrainingSettings(), datetime.now(UTC)
            result = despite_damage(shop, lambda: fit_and_publish(shop, settings, now, report, tune))
            forget_erased_in_model(shop, result.version)
            write_insights(shop, report)
        noted.ended(result.version, result.reasons)
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
            "refused" if manifest.refused else "",
        )
        for manifest in versions.manifests(folder)
    ]
    show_table(("", "version", "orders", "customers", "products", "data", ""), rows)


@models.command("publish")
def publish_model(
    version: str,
    home: HomeOption = DEFAULT_HOME,
    force: Annotated[bool, typer.Option("--force", help="Even one that training refused.")] = False,
) -> None:
    """Let a version serve."""
    from recommender.model import publications
    from recommender.model.bundle_files import BadBundle
    from recommender.model.versions import Refused

    with plain_errors(BadBundle):
        try:
            published = publications.publish(Home(home).models, version, datetime.now(UTC), force=force)
        except Refused as error:
            raise BadBundle(f"{error}. `--force` publishes it all the same") from error
    for reason in published.refused:
        console.print(f"Forced, although training refused it: {reason}", markup=False)
    console.print(f"{version} serves now; `perennial models rollback` goes back.")


@models.command("rollback")
def roll_back_model(home: HomeOption = DEFAULT_HOME) -> None:
    """Let the version serve that served before this one."""
    from recommender.model import publications
    from recommender.model.bundle_files import BadBundle

    with plain_errors(BadBundle):
        version = publications.roll_back(Home(home).models, datetime.now(UTC)).version
    console.print(f"{version} serves now.")
