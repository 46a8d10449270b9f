"""The training run: examine on the last weeks, fit on everything, gate, publish."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any

import faiss
import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from features.catalogue.products import load_products
from features.home import Home
from features.progress import Report, silent
from features.time_units import DAY_S
from recommender.kernels.trees import Trees
from recommender.model import versions
from recommender.model.bundle import Bundle, Manifest, Tables
from recommender.model.bundle_files import BadBundle, write_bundle
from recommender.model.discovery_table import PARTS
from recommender.placements import fixed_weights
from training.customers.sense import SoundValue, fit_sound_value
from training.data.history import History, load_history
from training.data.products import align, texts_digest
from training.errors import NothingToTrainOn
from training.models.cart_ranking import fit_cart_trees, lists_of
from training.models.customer_tables import fit_customer_table
from training.models.discovery import DiscoveryTuning, with_boost, with_lists
from training.models.markets import fit_markets
from training.models.next_basket import NextBasketModel, with_precomputed
from training.models.sets import fit_sets
from training.offers.log import fit_offers
from training.run.cases import cart_training_cases, evaluation_cases
from training.run.discovery import tune_discovery
from training.run.exam import cut_time, examine, halves
from training.run.gate import objections
from training.run.pipeline import WarmStart, build
from training.run.rest import with_rest
from training.run.result import TrainingResult
from training.run.shrinkage import lost
from training.run.source_weights import fit_source_weights
from training.run.tuning import tune
from training.settings import TrainingSettings

REHEARSED_PRODUCTS = 5_000  # of a large shop's cart model in a rehearsal: an eighth of the time
NOTHING = "nothing to train on: import orders with `perennial import orders FILE`, or send page views"
ALIKE = 0.85  # share of the order lines from which on what a rehearsal learned is not learned again


@dataclass(frozen=True)
class Rehearsal:
    """Results of a training without the last weeks, evaluated on them.

    metrics: empty where the history is too short; settings: as tuned; warm_start: what the training on all
    data need not learn again; source_figures: how good the source weights are; tuned: the settings that the
    search chose.
    """

    metrics: dict[str, Any]
    settings: TrainingSettings
    warm_start: WarmStart
    source_weights: NDArray[np.float32]
    cart_trees: Trees
    discovery: DiscoveryTuning = field(default_factory=DiscoveryTuning)
    source_figures: dict[str, Any] = field(default_factory=dict)
    tuned: dict[str, Any] = field(default_factory=dict)


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
        concerned=tuple(history.customer_ids[row] for row in found.concerned),
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
        "markets": fit_markets(history, people.facts, shown) if people else None,
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


def rehearse(
    history: History,
    catalogue: pl.DataFrame,
    settings: TrainingSettings,
    report: Report = silent,
    tune_minutes: float = 0,
) -> Rehearsal:
    """Train on all but the last weeks, learn the source weights from these, and evaluate the result on them.

    A large shop rehearses on a sample of its customers.
    """
    sample = history.sample_customers(settings.rehearsal_lines, settings.seed)
    early = sample.before(cut := cut_time(sample, settings)) if len(sample.purchases) else sample
    if early is sample or not len(early.purchases):
        return Rehearsal({}, settings, WarmStart(), fixed_weights(), Trees.none())
    quick_settings = settings if sample is history else _with_few_products(settings)
    active, warm_start = sample.active_since(cut), WarmStart()

    def report_rehearsal(step: str, done: int, total: int) -> None:
        report(f"Rehearsal: {step}", done, total)

    tables, index = build(early, catalogue, quick_settings, report_rehearsal, warm_start, active)
    manifest = manifest_of("rehearsal", datetime.fromtimestamp(cut, UTC), early, tables, settings, {})
    tasks = evaluation_cases(sample, cut, tables, settings)
    learning, judging = halves(tasks)
    bundle, chosen = Bundle(manifest, tables, index), {}
    bundle, settings = with_rest([*learning["home"], *learning["cart"]], bundle, early, settings)
    if tune_minutes:
        tuned = tune(early, learning, judging, bundle, settings, tune_minutes, report)
        settings, bundle, chosen = tuned.settings, tuned.bundle, tuned.chosen
    training_cases = cart_training_cases(sample, cut, learning["cart"], judging["cart"], settings)
    report("Ordering carts", 0, 2)
    lists = lists_of(training_cases, bundle)
    trees = fit_cart_trees(lists, settings.seed)
    bundle = replace(bundle, tables=replace(bundle.tables, cart_trees=trees))
    discovery = tune_discovery(learning["home"], bundle, early, settings, report_rehearsal)
    bundle = Bundle(manifest, *with_boost(bundle.tables, early, discovery))
    weights, figures = fit_source_weights(learning, judging, bundle, settings, report)
    bundle = replace(bundle, tables=replace(bundle.tables, blends=weights))
    unlearned = {task: judging[task] if task in figures else cases for task, cases in tasks.items()}
    metrics = examine(unlearned, bundle, settings, report)
    report("Ordering carts", 1, 2)
    if len(trees):  # the evaluation is over, so its cases may be learned from, too
        trees = fit_cart_trees(lists.joined(lists_of(judging["cart"], bundle)), settings.seed)
    alike = len(early.purchases) >= ALIKE * len(sample.purchases)
    if alike and sample is history:  # the best ridge depends on the number of orders
        ridge, habit = bundle.tables.cart_tuning.tolist()
        settings = settings.model_copy(update={"ease_lambda": ridge, "cart_habit": habit})
    warm_start = _warm_start(warm_start, bundle.tables, alike=alike, sampled=sample is not history)
    return Rehearsal(metrics, settings, warm_start, weights, trees, discovery, figures, chosen)


def _warm_start(begun: WarmStart, tables: Tables, *, alike: bool, sampled: bool) -> WarmStart:
    """alike: the rehearsal had nearly all order lines; sampled: of some customers alone."""
    learned = NextBasketModel.of(tables.next_basket) if alike else None
    return replace(begun, next_basket=learned, factors=tables.factors if sampled else None)


def _with_few_products(settings: TrainingSettings) -> TrainingSettings:
    """For a sample of a large shop: the cart model's time grows with the cube of its products."""
    few = min(settings.ease_products, REHEARSED_PRODUCTS)
    return settings.model_copy(update={"ease_products": few})


def manifest_of(
    version: str,
    now: datetime,
    history: History,
    tables: Tables,
    settings: TrainingSettings,
    metrics: dict[str, Any],
    source_figures: dict[str, Any] | None = None,
) -> Manifest:
    """The manifest of a bundle. source_figures: of each placement, from `fit_source_weights`."""
    lines = history.purchases
    return Manifest(
        version=version,
        created_at=now.astimezone(UTC).isoformat(),
        first_order=_iso(lines.timestamp.min(initial=history.until)),
        last_order=_iso(lines.timestamp.max(initial=0) or history.until),
        data_until_ms=history.received_until_ms,
        orders=len(np.unique(lines.order)),
        customers=len(np.unique(lines.customer[lines.customer >= 0])),
        products=int(tables.product.recommendable.sum()),
        buyers=len(np.unique(lines.buyer)),
        settings=settings.model_dump() | {"chosen": {**_chosen(tables), "blends": source_figures or {}}},
        metrics=metrics,
        files={},
    )


def _chosen(tables: Tables) -> dict[str, dict[str, float]]:
    """Hyperparameters that the models chose on held-out data."""
    visits = np.append(tables.sessions.habits, len(tables.visit_trees))
    named = {
        "carts": (("ridge", "habit"), tables.cart_tuning),
        "next_basket": (("decay", "own_share"), tables.next_basket.blend),
        "discovery": (PARTS, tables.discovery.mix),
        "visits": (("fade", "back", "again", "trees"), visits),
    }
    return {
        part: dict(zip(names, np.round(values.astype(float), 4).tolist(), strict=True))
        for part, (names, values) in named.items()
    }


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


def _iso(timestamp: int) -> str:
    return datetime.fromtimestamp(int(timestamp), UTC).isoformat()
