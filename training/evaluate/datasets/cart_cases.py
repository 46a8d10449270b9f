"""Data sets of orders as cart cases: a later order with one product hidden."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from features.importers.non_products import is_product
from features.live.shopper_state import Purchase, ShopperState
from features.time_units import DAY_S
from recommender.context.request import Request
from training.data.history import NO_ID, History, history_of
from training.errors import BadDataset
from training.evaluate.datasets.parquet import columns_of, readable
from training.measure.compare import Case

HELD_OUT_DAYS, HELD_OUT_SHARE = 28, 0.2
LAST_DAY = 20_000  # of baskets that are only numbered, days since 1970


@dataclass(frozen=True)
class Carts:
    """lines: customer_id (null: a guest), order_id, at (epoch s), product_id, late; one a product and order.

    Late orders are evaluated on; the others, all before them, are learned from.
    """

    lines: pl.DataFrame

    def history(self) -> History:
        """The orders to learn from."""
        columns = "customer_id", "product_id", "order_id", pl.col("at").alias("timestamp")
        return history_of(self.lines.filter(~pl.col("late")).select(columns), self.lines["product_id"])

    def cases(self, history: History, draws: int) -> Iterator[Case]:
        """Late orders of two products or more by customers of the history, `draws` times, one product hidden.

        The customer's earlier late orders are live shopper state, as they would be in serving.
        """
        rng, rows = np.random.default_rng(0), {name: row for row, name in enumerate(history.product_ids)}
        late = self.lines.filter("late", pl.col("customer_id").is_in(history.customer_ids))
        orders = late.group_by("customer_id", "at", "order_id").agg(pl.col("product_id").sort())
        for _, own in orders.sort("customer_id", "at", "order_id").group_by(
            "customer_id", maintain_order=True
        ):
            placed = own.rows(named=True)
            nothing: tuple[Purchase, ...] = ()
            earlier = accumulate(placed, _newest_first, initial=nothing)
            for order, before in zip(placed, earlier, strict=False):
                for _ in range(draws if len(order["product_id"]) > 1 else 0):
                    yield _case(order, before, rows, rng)


def read_carts(dataset: Path) -> Carts:
    """A folder or file with baskets.parquet's or events.parquet's columns. Raises BadDataset.

    Baskets: the marked last basket of each customer is late. Events: so are the last 28 days, or the last
    fifth of a shorter span.
    """
    files = [dataset] if dataset.is_file() else [dataset / "baskets.parquet", dataset / "events.parquet"]
    for file in (file for file in files if file.is_file()):
        table, columns = pl.scan_parquet(file), columns_of(file)
        if {"user_id", "basket_idx", "item_id", "is_target"} <= columns:
            with readable(file):
                return Carts(_numbered(table).collect())
        if {"customer_id", "event", "order_id", "product_id", "timestamp"} <= columns:
            with readable(file):
                return Carts(_timed(table).collect())
    raise BadDataset(
        f"{dataset} needs a baskets.parquet (user_id, basket_idx, item_id, is_target) or an events.parquet "
        "(customer_id, event, order_id, product_id, timestamp)"
    )


def _numbered(table: pl.LazyFrame) -> pl.LazyFrame:
    """A basket's number is its day; everybody's last basket falls on the same one."""
    number, user = pl.col("basket_idx").cast(pl.Int64), pl.col("user_id").cast(pl.String)
    return table.select(
        user.alias("customer_id"),
        pl.concat_str(user, pl.lit(" "), number).alias("order_id"),
        ((LAST_DAY + number - number.max().over("user_id")) * DAY_S).alias("at"),
        pl.col("item_id").cast(pl.String).alias("product_id"),
        pl.col("is_target").alias("late"),
    ).unique(maintain_order=True)


def _timed(table: pl.LazyFrame) -> pl.LazyFrame:
    at, product = pl.col("at"), pl.col("product_id")
    held_out = pl.min_horizontal(HELD_OUT_DAYS * DAY_S, HELD_OUT_SHARE * (at.max() - at.min()))
    return (
        table.filter(pl.col("event") == "purchase", product.is_not_null(), pl.col("order_id").is_not_null())
        .select(
            pl.col("customer_id", "order_id", "product_id").cast(pl.String),
            pl.col("timestamp").dt.epoch("s").min().over("order_id").alias("at"),
        )
        .filter(is_product(product, NO_ID))
        .unique(["order_id", "product_id"], maintain_order=True)
        .with_columns(late=at >= at.max() - held_out)
    )


def _newest_first(before: tuple[Purchase, ...], order: dict[str, Any]) -> tuple[Purchase, ...]:
    at_ms, products = order["at"] * 1000, tuple(order["product_id"])
    return (Purchase(order["order_id"], at_ms, at_ms, products, (1.0,) * len(products)), *before)


def _case(
    order: dict[str, Any], before: tuple[Purchase, ...], rows: dict[str, int], rng: np.random.Generator
) -> Case:
    cart = list(order["product_id"])
    hidden = cart.pop(int(rng.integers(len(cart))))
    request = Request(
        "cart",
        now=float(order["at"]),
        shopper=ShopperState(purchases=before),
        customer_id=order["customer_id"],
        cart=tuple(cart),
        repeat_suppression_days=0,  # no product is kept back: what was bought last week is ranked too
        in_stock=False,  # what was in stock then is not known
    )
    return Case(request, np.array([rows[hidden]], np.int32))
