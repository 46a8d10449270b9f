"""The log of decisions and the orders after them -> what each offer brings."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.home import Home
from features.time_units import DAY_S
from recommender.model.offer_table import OfferTable
from recommender.offers.catalogue import NO_OFFER
from recommender.offers.incremental_margin import CHANCES, FEATURES, OfferModel
from training.data.history import History
from training.data.products import align
from training.offers.learn import Responses, learn

WINDOW_DAYS = 14
"""What a customer brings in so many days after a decision is what came of it, whatever was decided."""
LEAST_DECISIONS = 100
TRAFFIC, TRAFFIC_DAYS = 300, 28
"""So many decisions, of so many days, stand for those that budgets must last for."""
TOLD = (*FEATURES, *CHANCES)


class Outcomes(NamedTuple):
    """Decisions whose window is over, and their offers, in the order of `seen.arm`. propensity: (n), the
    chance that what was decided had; decided: their rows of the log, `DecisionRecord`."""

    arms: tuple[str, ...]
    seen: Responses
    propensity: NDArray[np.float64]
    decided: pl.DataFrame


def fit_offers(home: Home, history: History, catalogue: pl.DataFrame, seed: int = 0) -> OfferTable | None:
    """None: nothing was decided yet. Below LEAST_DECISIONS that are over, nothing is learned of offers."""
    decided = read_decisions(home)
    if decided is None or decided.is_empty():
        return None
    found, model = outcomes(home, history, catalogue), OfferModel.untaught(FEATURES)
    if found is not None and len(found.seen.arm) >= LEAST_DECISIONS and (found.seen.arm >= 0).any():
        model = learn(found.seen, found.arms, FEATURES, np.random.default_rng(seed))
    return OfferTable.of(model, *traffic(decided))


def traffic(decided: pl.DataFrame) -> tuple[NDArray[np.float64], float]:
    """(n, features + 4) of the newest decisions: what was told, basket and margin; and decisions a day."""
    now = int(decided["at"].max())  # type: ignore[arg-type]
    late = decided.filter(pl.col("at") > now - TRAFFIC_DAYS * DAY_S, pl.col("features") == pl.lit(list(TOLD)))
    span = max((now - int(decided["at"].min())) / DAY_S, 1.0)  # type: ignore[arg-type]
    some = late.sample(min(TRAFFIC, len(late)), seed=0)
    told = np.array(some["values"].to_list(), np.float64).reshape(len(some), len(TOLD))
    rows = np.column_stack([told, some["basket"].to_numpy(), some["margin"].to_numpy()])
    return rows, len(late) / min(span, TRAFFIC_DAYS)


def outcomes(home: Home, history: History, catalogue: pl.DataFrame) -> Outcomes | None:
    """None: nothing was decided yet. Decisions about other features than today's have no say."""
    decisions = _decisions(home, history.until - WINDOW_DAYS * DAY_S)
    if decisions is None or not len(decisions):
        return None
    came = _after(decisions, _orders(history, catalogue))
    arms = tuple(sorted(set(decisions["offer_id"]) - {NO_OFFER}))
    row = {arm: place for place, arm in enumerate(arms)}
    ordered = (came["orders"].to_numpy() > 0).astype(np.float64)
    told = np.array(decisions["values"].to_list(), np.float64)
    basket, expected, cost = (decisions[name].to_numpy() for name in ("basket", "margin", "cost"))
    seen = Responses(
        features=told[:, : len(FEATURES)],
        arm=np.array([row.get(offer, -1) for offer in decisions["offer_id"]], np.int64),
        stays=told[:, TOLD.index("stays")],
        anyway=told[:, TOLD.index("anyway")],
        basket=basket,
        expected=expected,
        cost=cost,
        ordered=ordered,
        paid=ordered * cost,  # whoever orders is taken to use it: no event says otherwise
        margin=came["margin"].to_numpy() - ordered * cost,
    )
    return Outcomes(arms, seen, decisions["propensity"].to_numpy(), decisions)


def read_decisions(home: Home) -> pl.DataFrame | None:
    """All of the log, each decision once, in time order, with `at` in epoch s. None: nothing was decided."""
    if not any(home.decisions.glob("*/*.parquet")):
        return None
    return (
        pl.scan_parquet(home.decisions / "*" / "*.parquet", missing_columns="insert")
        .unique("decision_id", keep="any")
        .with_columns(pl.col("decided_at").dt.epoch("s").alias("at"))
        .sort("at", "decision_id")
        .collect()
    )


def _decisions(home: Home, until: int) -> pl.DataFrame | None:
    """Windows of a customer apart, with `row`; until: epoch s."""
    found = read_decisions(home)
    if found is None:
        return None
    decided = found.filter(pl.col("at") <= until, pl.col("features") == pl.lit(list(TOLD)))
    return decided.filter(_apart(decided)).with_row_index("row")


def _apart(decided: pl.DataFrame) -> pl.Series:
    """Which decisions to look at: none of a customer within the window of the one before."""
    last: dict[str, int] = {}
    kept = []
    for customer, at in decided.select("customer_id", "at").iter_rows():
        kept.append(at - last.get(customer, -WINDOW_DAYS * DAY_S) >= WINDOW_DAYS * DAY_S)
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
        .filter((late > 0) & (late <= WINDOW_DAYS * DAY_S))
        .group_by("row")
        .agg(pl.len().alias("orders"), pl.col("margin").sum())
    )
    rows = decisions.select("row").join(found, on="row", how="left", maintain_order="left")
    return rows.with_columns(pl.col("orders", "margin").fill_null(0))
