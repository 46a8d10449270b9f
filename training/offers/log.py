"""The log of decisions and the orders after them -> what each offer brings."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.home import Home
from recommender.offer_catalogue import NO_OFFER
from recommender.offer_customer import FEATURES
from recommender.offer_table import OfferTable
from training.history import DAY, History
from training.offers.learn import Responses, learn
from training.products import align

WINDOW_DAYS = 14
"""What a customer brings in so many days after a decision is what came of it, whatever was decided."""
LEAST_DECISIONS = 100


class Outcomes(NamedTuple):
    """Decisions whose window is over, and their offers, in the order of `seen.arm`. propensity: (n), the
    chance that what was decided had."""

    arms: tuple[str, ...]
    seen: Responses
    propensity: NDArray[np.float64]


def fit_offers(home: Home, history: History, catalogue: pl.DataFrame, seed: int = 0) -> OfferTable | None:
    """None: too few decisions to learn from."""
    found = outcomes(home, history, catalogue)
    if found is None or len(found.seen.arm) < LEAST_DECISIONS or not (found.seen.arm >= 0).any():
        return None
    return OfferTable.of(learn(found.seen, found.arms, FEATURES, np.random.default_rng(seed)))


def outcomes(home: Home, history: History, catalogue: pl.DataFrame) -> Outcomes | None:
    """None: nothing was decided yet. Decisions about other features than today's have no say."""
    decisions = _decisions(home, history.until - WINDOW_DAYS * DAY)
    if decisions is None or not len(decisions):
        return None
    came = _after(decisions, _orders(history, catalogue))
    arms = tuple(sorted(set(decisions["offer_id"]) - {NO_OFFER}))
    row = {arm: place for place, arm in enumerate(arms)}
    ordered = came["orders"].to_numpy() > 0
    cost = np.where(ordered, decisions["cost"].to_numpy(), 0.0)
    seen = Responses(
        features=np.array(decisions["values"].to_list(), np.float64),
        arm=np.array([row.get(offer, -1) for offer in decisions["offer_id"]], np.int64),
        margin=came["margin"].to_numpy() - cost,
        ordered=ordered.astype(np.float64),
    )
    return Outcomes(arms, seen, decisions["propensity"].to_numpy())


def _decisions(home: Home, until: int) -> pl.DataFrame | None:
    """Each once, in time order, windows of a customer apart, with `at` in epoch s; until: epoch s."""
    if not any(home.decisions.glob("*/*.parquet")):
        return None
    decided = (
        pl.scan_parquet(home.decisions / "*" / "*.parquet")
        .unique("decision_id", keep="any")
        .with_columns(pl.col("decided_at").dt.epoch("s").alias("at"))
        .filter(pl.col("at") <= until, pl.col("features") == pl.lit(list(FEATURES)))
        .sort("at", "decision_id")
        .collect()
    )
    return decided.filter(_apart(decided)).with_row_index("row")


def _apart(decided: pl.DataFrame) -> pl.Series:
    """Which decisions to look at: none of a customer within the window of the one before."""
    last: dict[str, int] = {}
    kept = []
    for customer, at in decided.select("customer_id", "at").iter_rows():
        kept.append(at - last.get(customer, -WINDOW_DAYS * DAY) >= WINDOW_DAYS * DAY)
        if kept[-1]:
            last[customer] = at
    return pl.Series(kept, dtype=pl.Boolean)


def _orders(history: History, catalogue: pl.DataFrame) -> pl.DataFrame:
    """customer_id, ordered_at (epoch s), margin of each order; by the usual share where a cost is unknown."""
    lines, products = history.purchases, align(catalogue, history)
    lines = lines.where(lines.customer >= 0)
    price = np.nan_to_num(lines.unit_price.astype(np.float64))
    cost = products.cost.astype(np.float64)[lines.item]
    usual = _usual_share(price, cost, lines.quantity)
    margin = lines.quantity * np.where(np.isfinite(cost), price - cost, price * usual)
    table = {
        "customer": lines.customer,
        "order": lines.order,
        "ordered_at": lines.timestamp,
        "margin": margin,
    }
    names = pl.DataFrame({"customer_id": pl.Series(history.customer_ids, dtype=pl.String)})
    each = (
        pl.DataFrame({**table, "margin": margin})
        .group_by("customer", "order")
        .agg(pl.col("ordered_at").min(), pl.col("margin").sum())
    )
    return each.join(
        names.with_row_index("customer").with_columns(pl.col("customer").cast(pl.Int32)), on="customer"
    )


def _usual_share(
    price: NDArray[np.float64], cost: NDArray[np.float64], quantity: NDArray[np.float32]
) -> float:
    """Margin over turnover where both are known; 0 where nowhere."""
    known = np.isfinite(cost) & (price > 0)
    turnover = float((quantity * price)[known].sum())
    return 1 - float((quantity * cost)[known].sum()) / turnover if turnover else 0.0


def _after(decisions: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """orders and margin of each decision's window, in their order."""
    late = pl.col("ordered_at") - pl.col("at")
    found = (
        decisions.select("row", "customer_id", "at")
        .join(orders, on="customer_id")
        .filter((late > 0) & (late <= WINDOW_DAYS * DAY))
        .group_by("row")
        .agg(pl.len().alias("orders"), pl.col("margin").sum())
    )
    rows = decisions.select("row").join(found, on="row", how="left", maintain_order="left")
    return rows.with_columns(pl.col("orders", "margin").fill_null(0))
