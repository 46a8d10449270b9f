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
from training.evaluate.datasets.baskets import NUMBERED, numbered_baskets
from training.evaluate.datasets.parquet import readable, table_of
from training.measure.compare import Case

LATE_DAYS, LATE_SHARE = 28, 0.2
CART_FORMATS = {
    "baskets.parquet": NUMBERED,
    "events.parquet": {"customer_id", "event", "order_id", "product_id", "timestamp"},
}


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
    name, table = table_of(dataset, CART_FORMATS)
    with readable(dataset):
        return Carts((_numbered if name == "baskets.parquet" else _timed)(table).collect())


def _numbered(table: pl.LazyFrame) -> pl.LazyFrame:
    at = pl.col("day").cast(pl.Int64) * DAY_S
    lines = numbered_baskets(table).select("customer_id", "order_id", "product_id", at=at, late="is_target")
    return lines.unique(maintain_order=True)


def _timed(table: pl.LazyFrame) -> pl.LazyFrame:
    at, product = pl.col("at"), pl.col("product_id")
    held_out = pl.min_horizontal(LATE_DAYS * DAY_S, LATE_SHARE * (at.max() - at.min()))
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
        in_stock=False,  # what was in stock then is not known
    )
    return Case(request, np.array([rows[hidden]], np.int32))
