"""Rankings that are the same for everybody: popular, trending, new."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.time_units import DAY_S
from recommender.arrays.tables import Neighbours, Ranking
from training.data.history import History, OrderLines, Visits
from training.data.interactions import decay
from training.data.products import Products

POPULAR_HALF_LIFE_DAYS = 30.0
RECENT_HALF_LIFE_DAYS = 7.0
BASELINE_HALF_LIFE_DAYS = 90.0
TREND_DAYS = 14
TREND_LENGTH = 200
NEWEST_LENGTH = 500
NEW_DAYS = 90
LATE_SHARE, LATE_PRIOR = (
    0.1,
    5.0,
)  # of the time counts as late; lines at which a product's own trend weighs half


def demand_of(history: History) -> OrderLines | Visits:
    """What tells how much each product is wanted: orders, or, where there are none yet, views."""
    return history.purchases if len(history.purchases) else history.visits


def decayed_demand(history: History, half_life_days: float) -> NDArray[np.float64]:
    """(n_items): orders (or views) of each product, one counting half after each half-life."""
    lines = demand_of(history)
    weight = decay(lines.timestamp, history.until, half_life_days)
    return np.asarray(np.bincount(lines.item, weight, len(history.product_ids)), np.float64)


def popular(
    history: History, shown: NDArray[np.bool_], buyers: NDArray[np.int32], products: Products
) -> Ranking:
    """Every recommendable product, by decayed demand, then by buyers ever, then by views, then as `usual`.
    counts: buyers."""
    score = decayed_demand(history, POPULAR_HALF_LIFE_DAYS)
    views = np.bincount(history.visits.item, minlength=len(score))
    keys = usual(products.price, products.category), -views, -buyers, -score
    items = np.flatnonzero(shown)
    return _ranking(items[np.lexsort([key[items] for key in keys])], score, buyers)


def usual(price: NDArray[np.float32], category: NDArray[np.int32]) -> NDArray[np.int64]:
    """(n_items): each product's place where categories take turns, the largest first, each with what is
    nearest to its usual price: what a shop may show before anybody bought or viewed anything."""
    table = pl.DataFrame({"category": category, "price": price}).with_row_index("item")
    known = pl.when(pl.col("price") > 0).then(pl.col("price").log())
    table = table.with_columns(known.alias("log"), pl.len().over("category").alias("size"))
    far = (pl.col("log") - pl.col("log").median().over("category")).abs().fill_null(float("inf"))
    table = table.with_columns(turn=pl.struct(far, "item").rank("ordinal").over("category"))
    order = table.sort("turn", "size", "category", descending=[False, True, False])["item"].to_numpy()
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return place


def trending(history: History, shown: NDArray[np.bool_]) -> Ranking:
    """Products that sell faster than they used to, the most significant rise first.

    Score: recent orders less those expected from the last months, in standard deviations of a Poisson count.
    counts: orders in the last 14 days. Where nothing is sold yet, what is viewed more often than before.
    """
    recent = decayed_demand(history, RECENT_HALF_LIFE_DAYS)
    expected = decayed_demand(history, BASELINE_HALF_LIFE_DAYS) * _share_of_time(history)
    surprise = (recent - expected) / np.sqrt(expected + 1.0)
    lines = demand_of(history)
    late = lines.timestamp > history.until - TREND_DAYS * DAY_S
    wanted = np.bincount(lines.item[late], minlength=len(history.product_ids)).astype(np.int32)
    rising = np.flatnonzero(shown & (surprise > 0) & (wanted > 1))
    order = np.argsort(-surprise[rising], kind="stable")
    sold = wanted if len(history.purchases) else np.zeros_like(wanted)
    return _ranking(rising[order][:TREND_LENGTH], surprise, sold)


def is_new(first_day: NDArray[np.int32], history: History) -> NDArray[np.bool_]:
    """(n_items): what came in the last days of the history, and after its first: what was there from the
    beginning may be of any age."""
    begin = history.log["timestamp"].min()
    first = int(begin) // DAY_S if isinstance(begin, int) else 0
    return (first_day > first) & (first_day > history.until // DAY_S - NEW_DAYS)


def newest(first_day: NDArray[np.int32], shown: NDArray[np.bool_], sales: NDArray[np.float64]) -> Ranking:
    """The newest products first, those of one day by their sales. counts: the first day, days since 1970."""
    items = np.flatnonzero(shown)
    order = items[np.lexsort((-sales[items], -first_day[items]))][:NEWEST_LENGTH]
    newness = 1.0 / (1.0 + np.arange(len(order)))
    return Ranking(order.astype(np.int32), newness.astype(np.float32), first_day[order])


def popular_by_category(ranking: Ranking, members: Sequence[NDArray[np.int32]]) -> Neighbours:
    """A row for each category: its products in the order of `ranking`. together: their counts there."""
    rows = [np.flatnonzero(np.isin(ranking.items, items)) for items in members]
    positions = np.concatenate(rows) if rows else np.empty(0, np.int64)
    return Neighbours(
        offsets=np.cumsum([0, *map(len, rows)]).astype(np.int64),
        items=ranking.items[positions],
        weights=ranking.scores[positions],
        together=ranking.counts[positions],
    )


def trend_of(
    items: NDArray[np.int32], times: NDArray[np.integer], counts: NDArray[np.floating] | NDArray[np.integer]
) -> NDArray[np.float32]:
    """(n_items) lines of late over those expected from all; 1 where nothing changed, or where all lines are
    of one time. items, times: of each line; counts: (n_items) lines with each item."""
    if not len(times) or times.max() == times.min():
        return np.ones(len(counts), np.float32)
    since = times.max() - LATE_SHARE * (times.max() - times.min())
    late = np.bincount(items[times > since], minlength=len(counts))
    late_share = late.sum() / counts.sum()
    expected = (counts + LATE_PRIOR) * max(late_share, 1e-9)
    return np.asarray((late + LATE_PRIOR * late_share) / expected, np.float32)


def _share_of_time(history: History) -> float:
    """Decayed days of the short half-life over those of the long one, within the days of the history."""
    lines = demand_of(history)
    days = (history.until - int(lines.timestamp.min(initial=history.until))) / DAY_S + 1.0
    short, long = (
        half_life * (1 - 0.5 ** (days / half_life))
        for half_life in (RECENT_HALF_LIFE_DAYS, BASELINE_HALF_LIFE_DAYS)
    )
    return float(short / long)


def _ranking(items: NDArray[np.int64], score: NDArray[np.float64], counts: NDArray[np.int32]) -> Ranking:
    return Ranking(items.astype(np.int32), score[items].astype(np.float32), counts[items].astype(np.int32))
