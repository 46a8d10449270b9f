"""A shop's own home as a data set: its history cut in time, with cases from after the cut.

The cut is at midnight, as many days before the end as training holds out for its own evaluation. Titles and
fees are today's. Stock of that day is not known, so out-of-stock products are ranked, too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.catalogue.products import load_products
from features.home import Home
from features.time_units import DAY_S
from recommender.context.request import Request
from training.data.history import History, load_history
from training.errors import BadDataset
from training.evaluate.datasets.cart_cases import Carts
from training.evaluate.datasets.looks import view_cases
from training.evaluate.exam import Exam
from training.measure.compare import Case
from training.run.exam import SHORT_HISTORY_SHARE, cut_time
from training.settings import TrainingSettings


@dataclass(frozen=True)
class OwnShop:
    """A home in memory. Every event of `history` arrived when it happened, as if it had been served live."""

    name: str
    history: History
    catalogue: pl.DataFrame

    def next_baskets(self) -> Exam:
        """The first order day, from the cut on, of each customer who ordered before. Raises BadDataset."""
        cut = order_cut(self.history)
        early = self.history.before(cut)
        return self._exam(early, _next_days(self.history, early, cut), "nobody ordered again")

    def carts(self, draws: int) -> Exam:
        """Later orders of customers who had ordered before, one product hidden, `draws` times each."""
        cut = order_cut(self.history)
        early = self.history.before(cut)
        carts = Carts(_order_lines(self.history, early, cut))
        return self._exam(early, carts.cases(early, draws), "no later order of two products")

    def visits(self) -> Exam:
        """The views of each visit that began after the cut. Raises BadDataset."""
        cut = _visit_cut(self.history)
        early = self.history.before(cut)
        return self._exam(
            early,
            view_cases(looks_of(self.history, cut), self.history.product_ids),
            "no later visit of two products",
        )

    def _exam(self, early: History, cases: Iterator[Case], lacks: str) -> Exam:
        all_cases = list(cases)
        if not all_cases or not early.log.height:
            raise BadDataset(f"the history of {self.name} is too short to ask about its end: {lacks}")
        return Exam(self.name, early, all_cases, self.catalogue)


def read_shop(home: Home) -> OwnShop:
    """Raises BadDataset where there is no history."""
    if not (home.root / "events").is_dir():
        raise BadDataset(
            f"{home.root} holds no history yet: import orders first with "
            f"`perennial import orders FILE --home {home.root}`"
        )
    catalogue = load_products(home)
    return OwnShop(home.root.resolve().name, load_history(home, catalogue), catalogue)


def order_cut(history: History) -> int:
    """Epoch s of the midnight before the orders that training holds out."""
    if not len(history.purchases):
        raise BadDataset("there is no order to ask about: `perennial import orders FILE` brings them in")
    return int(cut_time(history, TrainingSettings()) // DAY_S * DAY_S)


def _visit_cut(history: History) -> int:
    """The same for views, which may have been recorded for a much shorter time than orders."""
    times = history.visits.timestamp
    if not len(times):
        raise BadDataset("there is no visit to ask about: product views come in as events")
    held_out = min(TrainingSettings().holdout_days * DAY_S, SHORT_HISTORY_SHARE * int(np.ptp(times)))
    return int((times.max() - held_out) // DAY_S * DAY_S)


def _next_days(history: History, early: History, cut: int) -> Iterator[Case]:
    """A customer's purchases of a day are one basket, as in the published protocol."""
    lines = history.purchases
    customers = np.unique(early.purchases.customer)
    is_later = (lines.timestamp >= cut) & (lines.customer >= 0) & np.isin(lines.customer, customers)
    lines_after = lines.where(is_later)
    days = pl.DataFrame(
        {"customer": lines_after.customer, "day": lines_after.day, "item": lines_after.item}
    ).unique()
    first = days.filter(pl.col("day") == pl.col("day").min().over("customer")).sort("customer", "item")
    for (customer, day), basket in first.group_by("customer", "day", maintain_order=True):
        request = Request(
            "next_order",
            now=float(_number(day) * DAY_S),
            customer_id=history.customer_ids[_number(customer)],
            in_stock=False,
        )
        yield Case(request, basket["item"].to_numpy())


def _order_lines(history: History, early: History, cut: int) -> pl.DataFrame:
    """Lines as in `Carts`; later orders only of customers known before the cut."""
    lines = history.purchases
    bought_before = np.isin(lines.customer, np.unique(early.purchases.customer)) & (lines.customer >= 0)
    at = pl.col("timestamp").min().over("order")
    orders = pl.DataFrame(
        {
            "customer_id": _names(history.customer_ids, lines.customer),
            "order": lines.order,
            "timestamp": lines.timestamp,
            "product_id": _names(history.product_ids, lines.item),
            "known": bought_before,
        }
    )
    return (
        orders.with_columns(at=at, late=at >= cut, order_id=pl.col("order").cast(pl.String))
        .filter(~pl.col("late") | pl.col("known"))
        .select("customer_id", "order_id", "at", "product_id", "late")
    )


def looks_of(history: History, since: float) -> pl.DataFrame:
    """Views as in `read_looks` of the visits that began since then, epoch s; consecutive events with the same
    product count as one view."""
    views = history.visits
    table = pl.DataFrame(
        {
            "session": views.session,
            "product_id": _names(history.product_ids, views.item),
            "timestamp": views.timestamp,
            "customer_id": _names(history.customer_ids, views.customer),
        }
    ).sort("session", "timestamp", maintain_order=True)
    is_repeat = (pl.col("product_id") == pl.col("product_id").shift()).over("session").fill_null(value=False)
    began = pl.col("timestamp").min().over("session")
    late = table.filter(~is_repeat).filter(began >= since)
    return late.with_columns(session_id=pl.col("session").cast(pl.String))


def _names(names: list[str], rows: NDArray[np.int32]) -> pl.Series:
    """The id of each row; null for -1."""
    return pl.Series(np.array([*names, None], object)[rows].tolist(), dtype=pl.String)


def _number(value: Any) -> int:
    return int(value)
