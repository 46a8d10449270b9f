"""The next product of a visit: every look of the test visits is foretold from the looks before it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

import numpy as np
import polars as pl

from features.catalogue import schema
from features.progress import Report, silent
from features.shopper import ShopperState
from recommender.bundle import Bundle
from recommender.request import Request
from training.errors import BadDataset
from training.evaluate.compare import Case, compare, recommended
from training.evaluate.result import Evaluation
from training.evaluate.session_baselines import session_baselines
from training.history import KEPT, History, history_of
from training.pipeline import build
from training.settings import TrainingSettings
from training.train import describe

COLUMNS = {"SessionId", "ItemId", "Time", "split"}
MEASURES = "mrr@20", "hr@20"
K = 20


def evaluate_session(
    dataset: Path, seeds: int = 1, baselines: bool = True, report: Report = silent
) -> Evaluation:
    """Train on the split `train`; rank the whole catalogue after each prefix of each `test` visit.

    The model chooses its settings on the newest training visits; `valid` is left out, as it overlaps the
    test in time. Nothing is drawn by lot but the intervals: `seeds` is that of their bootstrap.
    Raises BadDataset.
    """
    began = perf_counter()
    looks = read_looks(dataset)
    history = history_of(as_views(looks.filter(pl.col("split") == "train")), looks["product_id"])
    bundle = bundle_of(history, report)
    cases = list(cases_of(looks.filter(pl.col("split") == "test"), bundle))
    if not cases:
        raise BadDataset(f"{dataset} has no test visit of two looks or more")
    rankers = {"perennial": recommended(bundle)}
    if baselines:
        rankers |= session_baselines(history.visits, len(history.product_ids), bundle.tables.products)
    seen = len(np.unique(history.visits.item))
    metrics = compare(cases, rankers, MEASURES, seen, K, seed=seeds, report=report)
    habits = dict(zip(("fade", "back", "again"), bundle.tables.sessions.habits.tolist(), strict=True))
    return Evaluation("session", dataset.name, metrics, len(cases), perf_counter() - began, habits)


def read_looks(dataset: Path) -> pl.DataFrame:
    """session_id, product_id (text), timestamp (epoch s) and split, visit by visit, oldest look first."""
    file = dataset / "sessions.parquet" if dataset.is_dir() else dataset
    if not file.is_file():
        raise BadDataset(f"there is no {file}")
    table = pl.scan_parquet(file)
    if COLUMNS - set(table.collect_schema().names()):
        raise BadDataset(f"{file} lacks one of the columns {', '.join(sorted(COLUMNS))}")
    return (
        table.sort("SessionId", "Time", maintain_order=True)
        .select(
            pl.col("SessionId").cast(pl.String).alias("session_id"),
            pl.col("ItemId").cast(pl.String).alias("product_id"),
            pl.col("Time").cast(pl.Int64).alias("timestamp"),
            "split",
        )
        .collect()
    )


def as_views(looks: pl.DataFrame) -> pl.DataFrame:
    """The lines that `history_of` reads."""
    nothing = pl.lit(None, pl.String)
    return looks.select(
        pl.lit("view").cast(pl.Enum(KEPT)).alias("type"),
        "timestamp",
        (pl.col("timestamp") * 1000).alias("received_ms"),
        nothing.alias("customer_id"),
        nothing.alias("anonymous_id"),
        "session_id",
        "product_id",
        nothing.alias("order_id"),
        pl.lit(1.0, pl.Float32).alias("quantity"),
        pl.lit(None, pl.Float32).alias("unit_price"),
    )


def bundle_of(history: History, report: Report = silent) -> Bundle:
    """What training makes of a history without a catalogue."""
    settings = TrainingSettings()
    tables, index = build(history, pl.DataFrame(schema=schema()), settings, report)
    now = datetime.fromtimestamp(history.until, UTC)
    return Bundle(describe("evaluation", now, history, tables, settings, {}), tables, index)


def cases_of(looks: pl.DataFrame, bundle: Bundle) -> Iterator[Case]:
    """What the page of each product looked at should lead to; what came next is the truth."""
    for _, visit in looks.group_by("session_id", maintain_order=True):
        products = visit["product_id"].to_list()
        times = visit["timestamp"].to_list()
        for place in range(1, len(products)):
            viewed = tuple(dict.fromkeys(reversed(products[:place])))
            state = ShopperState(viewed=viewed)
            request = Request("home", now=times[place - 1], shopper=state, product_id=viewed[0])
            yield Case(request, np.array([bundle.tables.products.row(products[place])], np.int32))
