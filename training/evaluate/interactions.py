"""Views, carts and purchases of known users; asked for the one purchase of each that was held out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from features.progress import Report, silent
from features.shopper import ShopperState
from recommender.bundle import Bundle
from recommender.personal import Taste, fold_in, taste_of
from recommender.request import Request, Situation
from training.ease import ease_companions
from training.errors import BadDataset
from training.evaluate.cart_baselines import pair_measures
from training.evaluate.compare import Case, Ranker, compare, popularity, recommended
from training.evaluate.metrics import Ranked, top
from training.evaluate.result import Evaluation
from training.evaluate.session import bundle_of
from training.history import DAY, KEPT, History, history_of

COLUMNS = {"user", "item", "event", "split", "timestamp"}
MEASURES = "hr@10", "ndcg@10_full"
WORTH = {"view": 0.1, "add_to_cart": 0.3, "purchase": 1.0}
RIDGE = 20.0
NO_TEXT = pl.lit(None, pl.String)


def is_interactions(dataset: Path) -> bool:
    """Whether it is a data set in the format of interactions.parquet."""
    file = _file(dataset)
    return file.is_file() and set(pl.scan_parquet(file).collect_schema().names()) >= COLUMNS


def evaluate_interactions(dataset: Path, baselines: bool, report: Report = silent) -> Evaluation:
    """The `home` placement for each user of the split `test`, whose views and carts are the live state.

    What a user bought before is not ranked; nor is what they looked at, where the data set took out
    everything a held-out product had before its purchase, so that a look cannot lead to it.
    """
    began = monotonic()
    events = _read(dataset)
    train = events.filter(pl.col("split") == "train")
    history = history_of(_lines(train), events["product_id"])
    bundle = bundle_of(history, report)
    cases = list(cases_of(events, history, bundle))
    if not cases:
        raise BadDataset(f"{dataset} has no purchase in the split `test` by a user of the split `train`")
    rankers = {"perennial": recommended(bundle)}
    if baselines:
        rankers |= simple_methods(train, history, bundle)
    metrics = compare(cases, rankers, MEASURES, len(history.product_ids), report=report)
    return Evaluation("cart", dataset.name, metrics, len(cases), monotonic() - began)


def cases_of(events: pl.DataFrame, history: History, bundle: Bundle) -> Iterator[Case]:
    """One question a user. events: with both splits."""
    past = events.filter(pl.col("split") == "train").sort("at", descending=True)
    held_out = events.filter(pl.col("split") == "test", pl.col("event") == "purchase")
    pairs = ["customer_id", "product_id"]
    taken_out = held_out.join(past, on=pairs, how="semi").is_empty()
    own = {str(user): rows for (user,), rows in past.group_by("customer_id", maintain_order=True)}
    for user, truth in held_out.group_by("customer_id", maintain_order=True).agg("product_id").iter_rows():
        if user in own:
            rows = own[user]
            done = {event: _products(rows, event) for event in WORTH}
            request = Request(
                "home",
                now=float(history.until),
                shopper=ShopperState(viewed=done["view"], cart=dict.fromkeys(done["add_to_cart"][::-1], 1.0)),
                customer_id=user,
                exclude=tuple(rows["product_id"].unique()) if taken_out else done["purchase"],
                rest_days=0,
            )
            yield Case(request, np.array(bundle.tables.products.rows(truth), np.int32))


def simple_methods(train: pl.DataFrame, history: History, bundle: Bundle) -> dict[str, Ranker]:
    """Popularity, the latest carted and viewed, item cosines, and EASE and ALS on all behaviours weighted."""
    products, users = bundle.tables.products, bundle.tables.customers
    row = np.array([users.row(user) for user in train["customer_id"]], np.int32)
    item = np.array([products.row(product) for product in train["product_id"]], np.int32)
    worth = train["event"].replace_strict(WORTH, return_dtype=pl.Float32).to_numpy()
    shape = len(history.customer_ids), len(products)

    def matrix(of: NDArray[np.bool_]) -> csr_matrix:
        pairs = csr_matrix((worth[of], (row[of], item[of])), shape=shape, dtype=np.float32)
        return csr_matrix(pairs.minimum(1.0))

    everything = matrix(worth > 0)
    methods = {"ease on all": (everything, ease_companions(everything, RIDGE, 6_000, 200))}
    for event, value in WORTH.items():
        owned = matrix(worth == np.float32(value)).sign()
        methods[f"item cosine on {event}s"] = owned, pair_measures(owned, support=1)[1]

    def added(pairs: csr_matrix, weights: csr_matrix) -> Callable[[Situation], NDArray[np.float32]]:
        return lambda known: (pairs[users.row(known.request.customer_id)] @ weights).toarray().ravel()

    def als(known: Situation) -> NDArray[np.float32]:
        taste = taste_of(known)
        vector = fold_in(bundle.tables.factors, Taste(taste.items, taste.confidence))
        return np.asarray(bundle.tables.factors.items @ vector, np.float32)

    def latest(known: Situation) -> NDArray[np.float32]:
        scores = np.zeros(len(products), np.float32)
        touched = [
            *products.rows(known.request.shopper.cart)[::-1],
            *products.rows(known.request.shopper.viewed),
        ]
        scores[touched[::-1]] = np.arange(1, len(touched) + 1)
        return scores

    return {
        "popularity": popularity(bundle),
        "latest cart, view": _ranker(bundle, latest),
        **{name: _ranker(bundle, added(*pair)) for name, pair in methods.items()},
        "als": _ranker(bundle, als),
    }


def _ranker(bundle: Bundle, scores: Callable[[Situation], NDArray[np.float32]]) -> Ranker:
    def rank(case: Case, k: int) -> Ranked:
        situation = Situation(case.request, bundle)
        found = scores(situation)
        found[bundle.tables.products.rows(case.request.exclude)] = 0.0
        return top(found, k)

    return rank


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
        .filter(pl.col("event").is_in(list(WORTH)))
        .sort("customer_id", "at", "product_id", maintain_order=True)
        .collect()
    )


def _lines(train: pl.DataFrame) -> pl.DataFrame:
    """As `history_of` reads them: a day of a user is a visit and, of purchases, an order."""
    visit = pl.concat_str("customer_id", pl.lit(" "), pl.col("at") // DAY)
    bought = pl.col("event") == "purchase"
    return train.select(
        pl.col("event").cast(pl.Enum(KEPT)).alias("type"),
        pl.col("at").alias("timestamp"),
        (pl.col("at") * 1000).alias("received_ms"),
        "customer_id",
        NO_TEXT.alias("anonymous_id"),
        pl.when(~bought).then(visit).alias("session_id"),
        "product_id",
        pl.when(bought).then(visit).alias("order_id"),
        pl.lit(1.0, pl.Float32).alias("quantity"),
        pl.lit(None, pl.Float32).alias("unit_price"),
    )


def _products(rows: pl.DataFrame, event: str) -> tuple[str, ...]:
    found: Any = rows.filter(pl.col("event") == event)["product_id"].unique(maintain_order=True)
    return tuple(found)
