"""Commands about models: train, list, publish, roll back."""

import json
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
    from training.experiments.plans import remember_plans, saved_plans
    from training.privacy.erase import forget_erased_in_model
    from training.reports.build import write_insights
    from training.run.train import train as fit_and_publish
    from training.settings import TrainingSettings

    shop = Home(home)
    with plain_errors(RedisServerError, CannotTrain, BadRule):
        with store(shop) as client:
            Archiver(client, shop, StoreSettings()).run(burst=True)
            merge_live(shop, all_changes(client), datetime.now(UTC))
            put_changes_sync(client, settle_sales(shop, datetime.now(UTC)))
            publish_names(client, shop)
            remember_plans(shop, saved_plans(client))
        with progress() as report:
            settings, now = TrainingSettings(), datetime.now(UTC)
            result = despite_damage(shop, lambda: fit_and_publish(shop, settings, now, report, tune))
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
    from recommender.model import versions
    from recommender.model.bundle_files import BadBundle

    shop = Home(home)
    refused = next((each.refused for each in versions.manifests(shop.models) if each.version == version), ())
    with plain_errors(BadBundle):
        try:
            pointer = versions.publish(shop.models, version, force=force)
        except versions.Refused as error:
            raise BadBundle(f"{error}. `--force` publishes it all the same") from error
        _note(shop, "forced" if refused else "published", version, refused)
    for reason in refused:
        console.print(f"Forced, although training refused it: {reason}", markup=False)
    console.print(f"{pointer.version} serves now; `perennial models rollback` goes back.")


@models.command("rollback")
def roll_back_model(home: HomeOption = DEFAULT_HOME) -> None:
    """Let the version serve that served before this one."""
    from recommender.model import versions
    from recommender.model.bundle_files import BadBundle

    with plain_errors(BadBundle):
        version = versions.rollback(Home(home).models).version
        _note(Home(home), "rolled back to", version, ())
    console.print(f"{version} serves now.")


def _note(home: Home, how: str, version: str, refused: tuple[str, ...]) -> None:
    """Add to the log of what people published, `models/publications.jsonl`."""
    line = {"at": datetime.now(UTC).isoformat(), "how": how, "version": version, "refused": refused}
    with (home.models / "publications.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")
