"""The training run: examine on the last weeks, fit on everything, gate, publish."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any

import faiss
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
from recommender.placements import fixed_weights
from training.customers.sense import fit_sound_value
from training.data.history import History, load_history
from training.data.products import align
from training.errors import NothingToTrainOn
from training.models.cart_ranking import fit_cart_trees, lists_of
from training.models.customer_tables import fit_people
from training.models.next_basket import Learned, with_foreseen
from training.models.sets import fit_sets
from training.offers.log import fit_offers
from training.run.cases import cart_lessons, questions
from training.run.exam import cut_time, examine, halves
from training.run.gate import objections
from training.run.pipeline import Known, build
from training.run.result import TrainingResult
from training.run.source_weights import fit_blends
from training.run.tuning import tune
from training.settings import TrainingSettings

REHEARSED_PRODUCTS = 5_000  # of the cart model, of a large shop: an eighth of the time
ALIKE = 0.85  # a rehearsal on so much of the order lines need not learn again what it learned


@dataclass(frozen=True)
class Rehearsal:
    """What the last weeks told: metrics, empty where the history is too short for it, and what was tuned and
    learned on the way, so that the real training need not do it again where it hardly knows more.

    worth: of the blends; tuned: the settings that the search chose.
    """

    metrics: dict[str, Any]
    settings: TrainingSettings
    known: Known
    blends: NDArray[np.float32]
    cart_trees: Trees
    worth: dict[str, Any] = field(default_factory=dict)
    tuned: dict[str, Any] = field(default_factory=dict)


def train(
    home: Home, settings: TrainingSettings, now: datetime, report: Report = silent, tune_minutes: float = 0
) -> TrainingResult:
    """Train on the whole history; a bundle that the gate refuses is kept, but does not serve.

    tune_minutes: for so long better settings are looked for; later trainings begin with what was found,
    except for what is set outright. Raises CannotTrain: NothingToTrainOn before the first order.
    """
    began = monotonic()
    report("Reading the history", 0, 1)
    catalogue = load_products(home)
    history = load_history(home, catalogue)
    if not len(history.purchases):
        raise NothingToTrainOn("nothing to train on: import orders first with `perennial import orders FILE`")
    remembered = _tuned_before(home.models, settings)
    settings = settings.model_copy(update=remembered)
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(1) as beside:
        shop_wide = beside.submit(_customers_and_sets, home, history, catalogue, settings.seed)
        tables, index, rehearsal = fit(history, catalogue, settings, report, tune_minutes)
        report("Customers", 0, 1)
        others, warnings = shop_wide.result()
        tables = replace(tables, **others)
    metrics, settings = rehearsal.metrics, rehearsal.settings

    report("Checking and publishing", 0, 1)
    reasons = objections(tables, metrics, _running_metrics(home.models), settings)
    version = _free_version(home.models, now)
    manifest = describe(version, now, history, tables, settings, metrics, rehearsal.worth)
    manifest.settings["tuned"] = remembered | rehearsal.tuned
    manifest.settings["warnings"] = warnings
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
        warnings=warnings,
    )


def _customers_and_sets(
    home: Home, history: History, catalogue: pl.DataFrame, seed: int
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The tables that no other model needs, nor a rehearsal: made beside these, on another core. Warnings."""
    value, warning = fit_sound_value(history, align(catalogue, history).cost)
    tables = {
        "people": None if value is None else fit_people(home, history, catalogue, value),
        "sets": fit_sets(history, catalogue),
        "offers": fit_offers(home, history, catalogue, seed),
    }
    return tables, (warning,) if warning else ()


def fit(
    history: History,
    catalogue: pl.DataFrame,
    settings: TrainingSettings,
    report: Report = silent,
    tune_minutes: float = 0,
) -> tuple[Tables, faiss.Index, Rehearsal]:
    """What training makes of a history: rehearsed on its last weeks, then built of all of it."""
    with threadpool_limits(1, "blas"):  # its threads wait for each other by spinning
        rehearsal = rehearse(history, catalogue, settings, report, tune_minutes)
        tables, index = build(history, catalogue, rehearsal.settings, report, rehearsal.known)
    next_basket = with_foreseen(tables.next_basket, history.until // DAY_S + 1)
    tables = replace(tables, blends=rehearsal.blends, cart_trees=rehearsal.cart_trees)
    return replace(tables, next_basket=next_basket), index, rehearsal


def rehearse(
    history: History,
    catalogue: pl.DataFrame,
    settings: TrainingSettings,
    report: Report = silent,
    tune_minutes: float = 0,
) -> Rehearsal:
    """Train on all but the last weeks, learn from those how to blend the sources, and examine the result.

    Of a large shop on what some of its customers did: their questions are as good as everybody's.
    """
    some = history.of_some(settings.rehearsal_lines, settings.seed)
    early = some.before(cut := cut_time(some, settings)) if len(some.purchases) else some
    if early is some or not len(early.purchases):
        return Rehearsal({}, settings, Known(), fixed_weights(), Trees.none())
    quick = settings
    if some is not history:
        quick = settings.model_copy(update={"ease_products": min(settings.ease_products, REHEARSED_PRODUCTS)})
    asked = some.active_since(cut)
    known = Known()
    tables, index = build(
        early, catalogue, quick, lambda step, *far: report(f"Rehearsal: {step}", *far), known, asked
    )
    manifest = describe("rehearsal", datetime.fromtimestamp(cut, UTC), early, tables, settings, {})
    tasks = questions(some, cut, tables, settings)
    learning, judging = halves(tasks)
    bundle, chosen = Bundle(manifest, tables, index), {}
    if tune_minutes:
        found = tune(early, learning, judging, bundle, settings, tune_minutes, report)
        settings, bundle, chosen = found.settings, found.bundle, found.chosen
    lessons = cart_lessons(some, cut, learning["cart"], judging["cart"], settings)
    report("Ordering carts", 0, 2)
    lists = lists_of(lessons, bundle)
    trees = fit_cart_trees(lists, settings.seed)
    bundle = replace(bundle, tables=replace(bundle.tables, cart_trees=trees))
    blends, worth = fit_blends(learning, judging, bundle, settings, report)
    bundle = replace(bundle, tables=replace(bundle.tables, blends=blends))
    unseen = {task: judging[task] if task in worth else cases for task, cases in tasks.items()}
    metrics = examine(unseen, bundle, settings, report)
    report("Ordering carts", 1, 2)
    if len(trees):  # they have been judged: now they learn from that, too
        trees = fit_cart_trees(lists.joined(lists_of(judging["cart"], bundle)), settings.seed)
    learned = None
    if len(early.purchases) >= ALIKE * len(some.purchases):
        learned = Learned.of(tables.next_basket)
        if some is history:  # a ridge counts orders
            ridge, habit = bundle.tables.cart_tuning.tolist()
            settings = settings.model_copy(update={"ease_lambda": ridge, "cart_habit": habit})
    factors = None if some is history else tables.factors  # it knew some people alone
    known = replace(known, next_basket=learned, factors=factors)
    return Rehearsal(metrics, settings, known, blends, trees, worth, chosen)


def describe(
    version: str,
    now: datetime,
    history: History,
    tables: Tables,
    settings: TrainingSettings,
    metrics: dict[str, Any],
    blends: dict[str, Any] | None = None,
) -> Manifest:
    """blends: what was learned for each placement, from `fit_blends`."""
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
        settings=settings.model_dump() | {"chosen": {**_chosen(tables), "blends": blends or {}}},
        metrics=metrics,
        files={},
    )


def _chosen(tables: Tables) -> dict[str, dict[str, float]]:
    """What the models chose for themselves on held-out data."""
    named = {
        "carts": (("ridge", "habit"), tables.cart_tuning),
        "next_basket": (("decay", "own_share"), tables.next_basket.blend),
        "visits": (("fade", "back", "again"), tables.sessions.habits),
    }
    return {
        part: dict(zip(names, np.round(values.astype(float), 4).tolist(), strict=True))
        for part, (names, values) in named.items()
    }


def _tuned_before(models: Path, settings: TrainingSettings) -> dict[str, Any]:
    """What the search of the last training chose, less what is set outright now."""
    tuned: dict[str, Any] = next(
        (found.settings.get("tuned", {}) for found in reversed([*versions.manifests(models)])), {}
    )
    return {name: value for name, value in tuned.items() if name not in settings.model_fields_set}


def _store(models: Path, manifest: Manifest, tables: Tables, index: faiss.Index) -> None:
    """Write and seal: a training that is killed half-way leaves a folder without a seal, never a version."""
    digest = write_bundle(models / manifest.version, manifest, tables, index)
    versions.seal(models, manifest.version, digest)


def _running_metrics(models: Path) -> dict[str, Any] | None:
    """Of the bundle that serves; None where none does."""
    try:
        pointer = versions.current(models)
    except BadBundle:
        return {}
    if pointer is None:
        return None
    return next(
        (found.metrics for found in versions.manifests(models) if found.version == pointer.version), {}
    )


def _free_version(models: Path, now: datetime) -> str:
    stamp = f"{now.astimezone(UTC):%Y-%m-%dT%H-%M-%SZ}"
    names = (stamp if number == 1 else f"{stamp}-{number}" for number in count(1))
    return next(name for name in names if not (models / name).exists())


def _iso(timestamp: int) -> str:
    return datetime.fromtimestamp(int(timestamp), UTC).isoformat()
