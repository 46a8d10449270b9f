"""Views, carts and purchases of known users; the held-out purchase of each is to be predicted."""

from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import polars as pl

from features.live.shopper_state import ShopperState
from features.progress import Report, silent
from features.time_units import DAY_S
from recommender.context.request import Request
from training.data.history import History, history_of
from training.errors import BadDataset
from training.evaluate.baselines.interactions import EVENT_WEIGHTS, interaction_baselines
from training.evaluate.datasets.parquet import columns_of, dataset_name, readable
from training.evaluate.exam import Exam
from training.measure.compare import Case
from training.measure.result import Evaluation

INTERACTION_COLUMNS = {"user", "item", "event", "split", "timestamp"}
PURCHASE_MEASURES = "hr@10", "ndcg@10_full"


def is_interactions(dataset: Path) -> bool:
    """Whether it is a data set in the format of interactions.parquet."""
    file = _file(dataset)
    return file.is_file() and columns_of(file) >= INTERACTION_COLUMNS


def evaluate_interactions(dataset: Path, baselines: bool, report: Report = silent) -> Evaluation:
    """The `home` placement for each user of the split `test`, whose views and carts are the live state.

    Products that a user bought before are not ranked; nor are those they viewed, where the data set removed
    all earlier interactions with the held-out products, so that a view cannot lead to one.
    """
    began = monotonic()
    with readable(dataset):
        events = _read(dataset)
    train = events.filter(pl.col("split") == "train")
    history = history_of(_lines(train), events["product_id"])
    exam = Exam(dataset_name(dataset), history, list(purchase_cases(events, history)))
    if not exam.cases:
        raise BadDataset(f"{dataset} has no purchase in the split `test` by a user of the split `train`")
    bundle = exam.bundle(report)
    others = interaction_baselines(train, history, bundle) if baselines else {}
    metrics = exam.compared(bundle, others, PURCHASE_MEASURES, len(history.product_ids), report=report)
    return Evaluation("cart", exam.dataset, metrics, len(exam.cases), monotonic() - began)


def train_lines(dataset: Path) -> pl.DataFrame:
    """The events of the split `train`, as `history_of` reads them."""
    with readable(dataset):
        return _lines(_read(dataset).filter(pl.col("split") == "train"))


def purchase_cases(events: pl.DataFrame, history: History) -> Iterator[Case]:
    """A case for each user. events: of both splits."""
    item = {product: row for row, product in enumerate(history.product_ids)}
    earlier = events.filter(pl.col("split") == "train").sort("at", descending=True)
    held_out = events.filter(pl.col("split") == "test", pl.col("event") == "purchase")
    pairs = ["customer_id", "product_id"]
    taken_out = held_out.join(earlier, on=pairs, how="semi").is_empty()
    rows_of = {str(user): rows for (user,), rows in earlier.group_by("customer_id", maintain_order=True)}
    for user, truth in held_out.group_by("customer_id", maintain_order=True).agg("product_id").iter_rows():
        if user in rows_of:
            rows = rows_of[user]
            products_of = {event: _products(rows, event) for event in EVENT_WEIGHTS}
            request = Request(
                "home",
                now=float(history.until),
                shopper=ShopperState(
                    viewed=products_of["view"], cart=dict.fromkeys(products_of["add_to_cart"][::-1], 1.0)
                ),
                customer_id=user,
                exclude=tuple(rows["product_id"].unique()) if taken_out else products_of["purchase"],
            )
            yield Case(request, np.array([item[product] for product in truth], np.int32))


def _file(dataset: Path) -> Path:
    return dataset / "interactions.parquet" if dataset.is_dir() else dataset


def _read(dataset: Path) -> pl.DataFrame:
    return (
        pl.scan_parquet(_file(dataset))
        .select(
            pl.col("user").cast(pl.String).alias("customer_id"),
            pl.col("item").cast(pl.String).alias("product_id"),
            pl.col("timestamp").dt.epoch("s").alias("at"),
            "event",
            "split",
        )
        .filter(pl.col("event").is_in(list(EVENT_WEIGHTS)))
        .sort("customer_id", "at", "product_id", maintain_order=True)
        .collect()
    )


def _lines(train: pl.DataFrame) -> pl.DataFrame:
    """As `history_of` reads them: a day of a user is a visit and, of purchases, an order."""
    visit = pl.concat_str("customer_id", pl.lit(" "), pl.col("at") // DAY_S)
    bought = pl.col("event") == "purchase"
    return train.select(
        "customer_id",
        "product_id",
        type=pl.col("event"),
        timestamp=pl.col("at"),
        session_id=pl.when(~bought).then(visit),
        order_id=pl.when(bought).then(visit),
    )


def _products(rows: pl.DataFrame, event: str) -> tuple[str, ...]:
    products: Any = rows.filter(pl.col("event") == event)["product_id"].unique(maintain_order=True)
    return tuple(products)
