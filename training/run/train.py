"""The training run: examine on the last weeks, fit on everything, gate, publish."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any

import faiss
import msgspec
import polars as pl
from threadpoolctl import threadpool_limits

from features.catalogue.products import load_products
from features.home import Home
from features.people.names import shown
from features.progress import Report, silent
from features.time_units import DAY_S
from recommender.model import versions
from recommender.model.bundle import Manifest, Tables
from recommender.model.bundle_files import BadBundle, write_bundle
from training.customers.sense import SoundValue, fit_sound_value
from training.data.history import History, load_history
from training.data.products import align, texts_digest
from training.errors import NothingToTrainOn
from training.models.customer_tables import fit_customer_table
from training.models.discovery import with_lists
from training.models.markets import fit_markets
from training.models.next_basket import with_precomputed
from training.models.sets import fit_sets
from training.offers.log import fit_offers
from training.run.gate import objections
from training.run.manifest import manifest_of
from training.run.pipeline import build
from training.run.rehearsal import Rehearsal, rehearse
from training.run.result import TrainingResult
from training.run.shrinkage import lost
from training.settings import TrainingSettings


def train(
    home: Home, settings: TrainingSettings, now: datetime, report: Report = silent, tune_minutes: float = 0
) -> TrainingResult:
    """Train on the whole history; a bundle that the gate refuses is kept, but does not serve.

    tune_minutes: time to search for better settings. Later trainings start with those found, except where a
    setting is given explicitly. Raises CannotTrain: NothingToTrainOn before the first product.
    """
    began = monotonic()
    report("Reading the history", 0, 1)
    history, catalogue = _read(home, now)
    remembered = _tuned_before(home.models, settings)
    settings = settings.model_copy(update=remembered)
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(1) as background:
        shop_tables = background.submit(_customers_and_sets, home, history, catalogue, settings.seed)
        tables, index, rehearsal = fit(history, catalogue, settings, report, tune_minutes)
        report("Customers", 0, 1)
        others, found = shop_tables.result()
        tables = replace(tables, **others)
    metrics, settings = rehearsal.metrics, rehearsal.settings

    report("Checking and publishing", 0, 1)
    version = _free_version(home.models, now)
    manifest = manifest_of(version, now, history, tables, settings, metrics, rehearsal.source_figures)
    manifest.settings["tuned"] = remembered | rehearsal.tuned
    manifest.settings["texts"] = texts_digest(catalogue)
    manifest.settings["seconds"] = round(monotonic() - began, 1)
    manifest.settings["warnings"] = found.warnings
    reasons = (*_objections(home.models, tables, manifest, settings), *found.refusals)
    manifest = msgspec.structs.replace(manifest, refused=reasons)
    _store(home.models, manifest, tables, index)
    if not reasons:
        versions.publish(home.models, version)
    report("Checking and publishing", 1, 1)
    return TrainingResult(
        version=version,
        published=not reasons,
        reasons=reasons,
        orders=manifest.orders,
        customers=manifest.customers,
        products=manifest.products,
        seconds=round(monotonic() - began, 1),
        metrics=metrics,
        warnings=found.warnings,
        concerned=tuple(shown(history.customer_ids[row]) for row in found.concerned),
    )


def _read(home: Home, now: datetime) -> tuple[History, pl.DataFrame]:
    """History and catalogue; raises NothingToTrainOn where neither holds a product."""
    catalogue = load_products(home)
    history = replace(load_history(home, catalogue), as_of=int(now.timestamp()))
    if not history.product_ids:
        raise NothingToTrainOn(
            "nothing to train on: import products first with `perennial import catalogue FILE`, "
            "or orders with `perennial import orders FILE`"
        )
    return history, catalogue


def _customers_and_sets(
    home: Home, history: History, catalogue: pl.DataFrame, seed: int
) -> tuple[dict[str, Any], SoundValue]:
    """Tables that neither other models nor the rehearsal need, fitted on another core meanwhile."""
    found = fit_sound_value(history, align(catalogue, history).cost)
    value = found.value
    people = None if value is None else fit_customer_table(home, history, catalogue, value)
    shown = align(catalogue, history).recommendable
    tables = {
        "people": people,
        "markets": fit_markets(history, people.facts if people else None, shown),
        "sets": fit_sets(history, catalogue),
        "offers": fit_offers(home, history, catalogue, seed),
    }
    return tables, found


def fit(
    history: History,
    catalogue: pl.DataFrame,
    settings: TrainingSettings,
    report: Report = silent,
    tune_minutes: float = 0,
) -> tuple[Tables, faiss.Index, Rehearsal]:
    """Rehearse on the last weeks of a history, then fit on all of it."""
    with threadpool_limits(1, "blas"):  # waiting BLAS threads take a core each
        rehearsal = rehearse(history, catalogue, settings, report, tune_minutes)
        tables, index = build(
            history, catalogue, rehearsal.settings, report, rehearsal.warm_start, None, rehearsal.discovery
        )
    report("Discoveries", 0, 1)
    tables = with_lists(tables, index)
    next_basket = with_precomputed(tables.next_basket, history.until // DAY_S + 1)
    tables = replace(tables, blends=rehearsal.source_weights, cart_trees=rehearsal.cart_trees)
    return replace(tables, next_basket=next_basket), index, rehearsal


def _tuned_before(models: Path, settings: TrainingSettings) -> dict[str, Any]:
    """The settings that the last training's search chose, without those that are set explicitly now."""
    tuned: dict[str, Any] = next(
        (manifest.settings.get("tuned", {}) for manifest in reversed([*versions.manifests(models)])), {}
    )
    return {name: value for name, value in tuned.items() if name not in settings.model_fields_set}


def _store(models: Path, manifest: Manifest, tables: Tables, index: faiss.Index) -> None:
    """Write and seal. A training that is killed half-way leaves a folder without a seal: no version."""
    digest = write_bundle(models / manifest.version, manifest, tables, index)
    versions.seal(models, manifest.version, digest)


def _objections(
    models: Path, tables: Tables, manifest: Manifest, settings: TrainingSettings
) -> tuple[str, ...]:
    """Why the bundle must not serve, by itself and beside the one that does; empty where it may."""
    try:
        running = versions.load_current(models)
    except BadBundle:  # any sound one is better
        return objections(tables, manifest.metrics, {}, settings)
    metrics = running.manifest.metrics if running else None
    reasons = objections(tables, manifest.metrics, metrics, settings)
    return (*reasons, *lost(tables, manifest, running, settings)) if running else reasons


def _free_version(models: Path, now: datetime) -> str:
    stamp = f"{now.astimezone(UTC):%Y-%m-%dT%H-%M-%SZ}"
    names = (stamp if number == 1 else f"{stamp}-{number}" for number in count(1))
    return next(name for name in names if not (models / name).exists())
