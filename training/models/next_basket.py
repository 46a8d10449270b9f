"""What customers buy next: TIFU-KNN tuned, and trees that rank its candidates, learned from last baskets."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommender.arrays.tables import Neighbours
from recommender.kernels.trees import Trees
from recommender.model.next_basket_table import NextBasket, Precomputed, PurchaseHistories
from recommender.sources.next_basket import precompute, rank_scores
from recommender.sources.next_basket_features import describe
from training.data.history import History
from training.data.repeat import customer_days, repeats_of
from training.models.boosting import Boosting, Lists, boost
from training.models.co_purchase import co_purchase
from training.models.peers import Blend, fit_peers, pool_for, pool_of, tune
from training.settings import TrainingSettings

PARTNERS_KEPT = 100
PARTNER_SHRINKAGE, PARTNER_SUPPORT = 3.0, 2
BEST_SELLERS = 100
TREND_SHARE = 0.1  # of the time that the lines span is "of late"
TREND_PRIOR, REBUY_PRIOR = 5.0, 5.0  # lines at which a product's own figure weighs as much as the shop's
CASES, TUNING_CASES = 10_000, 2_000
FEWEST_CASES = 100  # below, trees learn noise
NEGATIVES = 40
HELD_OUT = 0.1
TREE_COUNTS = (25, 50, 75, 100)
PEERS_CUSTOMERS = 100_000  # those who ordered last: others hardly come back
FORESEEN_CUSTOMERS = 100_000  # the same
AT_ONCE = 50  # customers whose candidates and what speaks for them stay in the processor's cache


class Learned(NamedTuple):
    """What does not change with every basket: TIFU-KNN's settings, and the trees."""

    blend: Blend
    trees: Trees

    @classmethod
    def of(cls, table: NextBasket) -> Learned | None:
        """As an earlier table holds it; None where that had too little to learn from."""
        decay, own_share = table.blend.tolist()
        return cls(Blend(decay=decay, own_share=own_share), table.trees) if len(table.trees) else None


def fit_next_basket(
    history: History,
    category: NDArray[np.int32],
    settings: TrainingSettings,
    learned: Learned | None = None,
    asked: NDArray[np.int64] | None = None,
) -> NextBasket:
    """Fitted on all baskets, with what was `learned` before, or else is learned now.

    asked: whose peers are found, if they are among those who ordered last; None: of all of these.
    """
    days = baskets_of(history)
    shape = len(history.customer_ids), len(history.product_ids)
    if learned is None:
        learned = learn_from_last(days, category, shape, np.random.default_rng(settings.seed))
    latest = pool_of(pasts_of(days, shape[0]), PEERS_CUSTOMERS)
    whose = latest if asked is None else np.intersect1d(latest, asked)
    fitted = tables_of(days, category, shape, learned.blend, whose, pool_for(len(latest)))
    return replace(fitted, trees=learned.trees)


def with_foreseen(table: NextBasket, day: int) -> NextBasket:
    """With what the customers who ordered last may order next, as of `day` (since 1970)."""
    n, customers = len(table.pasts.offsets) - 1, pool_of(table.pasts, FORESEEN_CUSTOMERS)
    blocks = [customers[start : start + AT_ONCE] for start in range(0, len(customers), AT_ONCE)]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        found = list(threads.map(lambda block: precompute(table, block, day), blocks))
    empty, sizes = Precomputed.none(n), np.zeros(n, np.int64)
    sizes[customers] = np.concatenate([np.empty(0, np.int64), *(each for each, _ in found)])
    columns = zip((empty.items, empty.scores, empty.counts), *(rows for _, rows in found), strict=True)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    foreseen = Precomputed(np.array([day], np.int32), offsets, *map(np.concatenate, columns))
    return replace(table, foreseen=foreseen)


def learn_from_last(
    days: pl.DataFrame,
    category: NDArray[np.int32],
    shape: tuple[int, int],
    rng: np.random.Generator,
) -> Learned:
    """What foretells customers' last baskets best, given those before. shape: (n_customers, n_items)."""
    early, wanted = last_baskets(days)
    cases = _some_customers(wanted, TUNING_CASES, rng)
    blend = tune(pasts_of(early, shape[0]), customer_items(wanted, shape), cases)
    whose = _some_customers(wanted, CASES, rng)
    before = tables_of(early, category, shape, blend, whose, pool_for(len(whose)))
    return Learned(blend, learn(_lists(before, wanted, whose), rng))


def baskets_of(history: History) -> pl.DataFrame:
    """Columns customer, item and day, in order of customer, day, item: a day is a basket."""
    return customer_days(history).sort("customer", "day", "item")


def last_baskets(days: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(what came before, each customer's last basket); a customer's only basket is no last one."""
    newest, oldest = pl.col("day").max().over("customer"), pl.col("day").min().over("customer")
    last = (pl.col("day") == newest) & (oldest < newest)
    return days.filter(~last), days.filter(last)


def pasts_of(days: pl.DataFrame, n_customers: int) -> PurchaseHistories:
    """days: customer, item and day, sorted by customer, then day."""
    offsets = np.searchsorted(days["customer"].to_numpy(), np.arange(n_customers + 1))
    item, day = days["item"].to_numpy(), days["day"].to_numpy()
    return PurchaseHistories(offsets.astype(np.int64), item.astype(np.int32), day.astype(np.int32))


def tables_of(
    days: pl.DataFrame,
    category: NDArray[np.int32],
    shape: tuple[int, int],
    blend: Blend,
    whose: NDArray[np.int64],
    among: int,
) -> NextBasket:
    """Everything but the trees; peers of those customers alone, among so many. shape: customers, items."""
    pasts = pasts_of(days, shape[0])
    sold = np.bincount(pasts.items, minlength=shape[1]).astype(np.float64)
    baskets = _basket_items(days, shape[1])
    rate, gap = repeats_of(days, category)
    return NextBasket(
        pasts=pasts,
        peers=fit_peers(pasts, shape[1], blend, whose, among),
        partners=_partners(baskets),
        popularity=(sold / max(baskets.shape[0], 1)).astype(np.float32),
        trend=_trend(pasts, sold),
        rebuys=_rebuys(days, sold),
        repeat_rate=rate,
        repeat_gap=gap,
        best_sellers=np.argsort(-sold, kind="stable")[:BEST_SELLERS].astype(np.int32),
        blend=np.array([blend.decay, blend.own_share], np.float32),
        trees=Trees.none(),
        foreseen=Precomputed.none(shape[0]),
    )


def learn(lists: Lists, rng: np.random.Generator) -> Trees:
    """Trees that rank each list; none where they rank held-out lists no better than TIFU-KNN does."""
    if lists.n_lists < FEWEST_CASES:
        return Trees.none()
    held_out = (rng.random(lists.n_lists) < HELD_OUT)[lists.group]
    n_candidates = np.bincount(lists.group)[lists.group]
    kept = ~held_out & ((lists.wanted > 0) | (rng.random(len(lists.group)) < NEGATIVES / n_candidates))
    trees = boost(lists.where(kept), Boosting(trees=TREE_COUNTS[-1]), rng)
    choices = [Trees.none(), *(trees.first(count) for count in TREE_COUNTS)]
    return max(choices, key=lambda choice: _ndcg(choice, lists.where(held_out)))


def _some_customers(wanted: pl.DataFrame, at_most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    everybody = wanted["customer"].unique().sort().to_numpy().astype(np.int64)
    return np.sort(rng.permutation(everybody)[:at_most])


def _lists(before: NextBasket, wanted: pl.DataFrame, whose: NDArray[np.int64]) -> Lists:
    """The candidates for these customers' wanted baskets; one that no candidate hits teaches nothing."""
    rows, hits = [], []
    for bought in wanted.filter(pl.col("customer").is_in(whose)).partition_by(
        "customer", maintain_order=True
    ):
        customer, day = int(bought["customer"][0]), int(bought["day"][0])
        items, features = describe(before, before.pasts.of(customer), before.peers.of(customer), day)
        hit = np.isin(items, bought["item"].to_numpy())
        if hit.any():
            rows.append(features)
            hits.append(hit)
    if not rows:
        return Lists.none()
    group = np.repeat(np.arange(len(rows)), [len(hit) for hit in hits])
    return Lists(np.concatenate(rows), np.concatenate(hits).astype(np.float64), group)


def _ndcg(trees: Trees, lists: Lists) -> float:
    """Mean discounted gain of the first ten of each list, over the best possible."""
    order = np.lexsort((-rank_scores(trees, lists.rows), lists.group))
    starts = np.flatnonzero(np.r_[True, np.diff(lists.group) > 0])
    place = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    discount = np.where(place < 10, 1 / np.log2(place + 2), 0.0)
    gain = np.add.reduceat(discount * lists.wanted[order], starts)
    ideal = np.cumsum(1 / np.log2(np.arange(2, 12)))
    n_wanted = np.add.reduceat(lists.wanted, starts).astype(np.intp)
    return float((gain / ideal[np.minimum(n_wanted, 10) - 1]).mean())


def customer_items(days: pl.DataFrame, shape: tuple[int, int]) -> csr_matrix:
    """(n_customers, n_items), 1 where the customer bought the product."""
    where = days["customer"].to_numpy(), days["item"].to_numpy()
    return csr_matrix((np.ones(len(days), np.float32), where), shape=shape)


def _basket_items(days: pl.DataFrame, n_items: int) -> csr_matrix:
    """(n_baskets, n_items) of 0 and 1; a basket is a customer's day."""
    basket = days.select(pl.struct("customer", "day").rle_id()).to_series().to_numpy()
    n_baskets = int(basket[-1]) + 1 if len(basket) else 0
    where = basket, days["item"].to_numpy()
    return csr_matrix((np.ones(len(days), np.float32), where), shape=(n_baskets, n_items))


def _partners(baskets: csr_matrix) -> Neighbours:
    found = co_purchase(baskets, PARTNER_SHRINKAGE, PARTNER_SUPPORT, PARTNERS_KEPT)
    return Neighbours(
        offsets=found.indptr.astype(np.int64),
        items=found.indices.astype(np.int32),
        weights=found.data.astype(np.float32),
        together=np.zeros(found.nnz, np.int32),
    )


def _trend(pasts: PurchaseHistories, sold: NDArray[np.float64]) -> NDArray[np.float32]:
    """Sales of late over what all sales let expect; 1 where nothing changed."""
    if not len(pasts.days):
        return np.ones(len(sold), np.float32)
    since = pasts.days.max() - TREND_SHARE * (pasts.days.max() - pasts.days.min())
    late = np.bincount(pasts.items[pasts.days > since], minlength=len(sold))
    usual = late.sum() / sold.sum()
    expected = (sold + TREND_PRIOR) * max(usual, 1e-9)
    return np.asarray((late + TREND_PRIOR * usual) / expected, np.float32)


def _rebuys(days: pl.DataFrame, sold: NDArray[np.float64]) -> NDArray[np.float32]:
    pairs = np.sort(days["customer"].to_numpy().astype(np.int64) * len(sold) + days["item"].to_numpy())
    first = pairs[np.diff(pairs, prepend=-1) > 0] % max(len(sold), 1)
    again = sold - np.bincount(first, minlength=len(sold))
    usual = again.sum() / max(sold.sum(), 1.0)
    return np.asarray((again + REBUY_PRIOR * usual) / (sold + REBUY_PRIOR), np.float32)
