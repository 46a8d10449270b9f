"""The log of offer decisions, joined with the orders after them, and the offer model fitted to it."""

from typing import NamedTuple

import numpy as np
import polars as pl

from features.history.table_files import table_files
from features.home import Home
from features.people.aliases import with_current_names
from features.time_units import DAY_S
from recommender.arrays.dtypes import Float32s, Float64s
from recommender.model.offer_table import OfferTable
from recommender.offers.budgets import NAMED
from recommender.offers.catalogue import NO_OFFER
from recommender.offers.incremental_margin import CHANCES, OFFER_FEATURES, OfferModel
from training.data.history import History
from training.data.products import align
from training.offers.learn import Responses, learn_offers

WINDOW_DAYS = 14
"""The outcome of a decision is what the customer brings in so many days after it, offer or not."""
LEAST_DECISIONS = 100
TRAFFIC_DECISIONS, TRAFFIC_DAYS = 300, 28
"""The traffic that budgets must last for is a sample of so many decisions of the last so many days."""
LOGGED_FEATURES = (*OFFER_FEATURES, *CHANCES)


class DecisionOutcomes(NamedTuple):
    """Decisions whose window is over. arms: offer ids, as `responses.arm` numbers them; propensity: (n), of
    the arm that was decided; decided: their rows of the log, `DecisionRecord`; margin_assumed: whether a cost
    of what was ordered since the first of them is not known."""

    arms: tuple[str, ...]
    responses: Responses
    propensity: Float64s
    decided: pl.DataFrame
    margin_assumed: bool = False


def fit_offers(home: Home, history: History, catalogue: pl.DataFrame, seed: int = 0) -> OfferTable | None:
    """None without decisions. An untaught model below LEAST_DECISIONS whose window is over."""
    decided = read_decisions(home)
    if decided is None or decided.is_empty():
        return None
    outcomes, model = decision_outcomes(home, history, catalogue), OfferModel.untaught(OFFER_FEATURES)
    arm = outcomes.responses.arm if outcomes is not None else np.empty(0)
    if outcomes is not None and len(arm) >= LEAST_DECISIONS and (arm >= 0).any():
        model = learn_offers(outcomes.responses, outcomes.arms, OFFER_FEATURES, np.random.default_rng(seed))
    return OfferTable.of(model, *recent_traffic(decided))


def recent_traffic(decided: pl.DataFrame) -> tuple[Float64s, list[tuple[str | None, ...]], float]:
    """Rows and names of recent decisions, as in `recommender.offers.budgets.traffic_of`; and decisions a day.

    Decisions of channels that this log did not note count as consented, as they were.
    """
    now = int(decided["at"].max())  # type: ignore[arg-type]
    recent = decided.filter(
        pl.col("at") > now - TRAFFIC_DAYS * DAY_S, pl.col("features") == pl.lit(list(LOGGED_FEATURES))
    )
    span = max((now - int(decided["at"].min())) / DAY_S, 1.0)  # type: ignore[arg-type]
    sample = recent.sample(min(TRAFFIC_DECISIONS, len(recent)), seed=0)
    values = np.array(sample["values"].to_list(), np.float64).reshape(len(sample), len(LOGGED_FEATURES))
    flags = {"cart": 0.0, "first_order": 0.0, "consent": 1.0}
    numbers = [sample["basket"], sample["margin"]]
    numbers += [sample[name].cast(pl.Float64).fill_null(usual) for name, usual in flags.items()]
    rows = np.column_stack([values, *(column.to_numpy() for column in numbers)])
    return rows, sample.select(NAMED).rows(), len(recent) / min(span, TRAFFIC_DAYS)


def decision_outcomes(home: Home, history: History, catalogue: pl.DataFrame) -> DecisionOutcomes | None:
    """None without finished decisions. Those logged with other features than today's are left out."""
    decisions = _decisions(home, history.until - WINDOW_DAYS * DAY_S)
    if decisions is None or not len(decisions):
        return None
    basket, expected, cost = (decisions[name].to_numpy() for name in ("basket", "margin", "cost"))
    usual = float(expected.sum() / max(basket.sum(), 1e-9))
    window_sums = _after(decisions, _orders(history, catalogue, usual))
    arms = tuple(sorted(set(decisions["offer_id"]) - {NO_OFFER}))
    numbers = {arm: number for number, arm in enumerate(arms)}
    ordered = (window_sums["orders"].to_numpy() > 0).astype(np.float64)
    values = np.array(decisions["values"].to_list(), np.float64)
    responses = Responses(
        features=values[:, : len(OFFER_FEATURES)],
        arm=np.array([numbers.get(offer, -1) for offer in decisions["offer_id"]], np.int64),
        stays=values[:, LOGGED_FEATURES.index("stays")],
        anyway=values[:, LOGGED_FEATURES.index("anyway")],
        basket=basket,
        expected=expected,
        cost=cost,
        ordered=ordered,
        paid=ordered * cost,  # all who order count as using the offer, since no event says so
        margin=window_sums["margin"].to_numpy() - ordered * cost,
    )
    since = history.purchases.timestamp >= int(decisions["at"].min())  # type: ignore[arg-type]
    costs = align(catalogue, history).cost[history.purchases.item[since]]
    propensity = decisions["propensity"].to_numpy()
    return DecisionOutcomes(arms, responses, propensity, decisions, bool(np.isnan(costs).any()))


def read_decisions(home: Home) -> pl.DataFrame | None:
    """The whole log, each decision once, in time order, with `at` in epoch s. None without decisions."""
    files = table_files(home.decisions)
    if not files:
        return None
    return (
        with_current_names(pl.scan_parquet(files, missing_columns="insert"), home)
        .unique("decision_id", keep="any")
        .with_columns(pl.col("decided_at").dt.epoch("s").alias("at"))
        .sort("at", "decision_id")
        .collect()
    )


def _decisions(home: Home, until: int) -> pl.DataFrame | None:
    """Customers' decisions until then (epoch s) whose windows do not overlap for one of them, with `row`."""
    log = read_decisions(home)
    if log is None:
        return None
    decided = log.filter(
        pl.col("customer_id").is_not_null(),
        pl.col("at") <= until,
        pl.col("features") == pl.lit(list(LOGGED_FEATURES)),
    )
    return decided.filter(_without_overlap(decided)).with_row_index("row")


def _without_overlap(decided: pl.DataFrame) -> pl.Series:
    """(n) bool: which decisions to keep: none within the window of the customer's last kept one."""
    last: dict[str, int] = {}
    kept = []
    for customer, at in decided.select("customer_id", "at").iter_rows():
        kept.append(at - last.get(customer, -WINDOW_DAYS * DAY_S) >= WINDOW_DAYS * DAY_S)
        if kept[-1]:
            last[customer] = at
    return pl.Series(kept, dtype=pl.Boolean)


def _orders(history: History, catalogue: pl.DataFrame, assumed: float) -> pl.DataFrame:
    """customer_id, ordered_at (epoch s), margin of each order; at the usual share where a cost is unknown.

    assumed: the share where no cost is known, by which decisions were made.
    """
    lines, products = history.purchases, align(catalogue, history)
    lines = lines.where(lines.customer >= 0)
    price = np.nan_to_num(lines.unit_price.astype(np.float64))
    cost = products.cost.astype(np.float64)[lines.item]
    usual = _usual_share(price, cost, lines.quantity, assumed)
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


def _usual_share(price: Float64s, cost: Float64s, quantity: Float32s, assumed: float) -> float:
    """Margin over turnover of lines with a price and a cost; the assumed share without such lines."""
    complete = np.isfinite(cost) & (price > 0)
    turnover = float((quantity * price)[complete].sum())
    return 1 - float((quantity * cost)[complete].sum()) / turnover if turnover else assumed


def _after(decisions: pl.DataFrame, orders: pl.DataFrame) -> pl.DataFrame:
    """row, orders, margin: sums over each decision's window, in the order of the decisions."""
    delay = pl.col("ordered_at") - pl.col("at")
    sums = (
        decisions.select("row", "customer_id", "at")
        .join(orders, on="customer_id")
        .filter((delay > 0) & (delay <= WINDOW_DAYS * DAY_S))
        .group_by("row")
        .agg(pl.len().alias("orders"), pl.col("margin").sum())
    )
    rows = decisions.select("row").join(sums, on="row", how="left", maintain_order="left")
    return rows.with_columns(pl.col("orders", "margin").fill_null(0))
