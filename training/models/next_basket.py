"""Next baskets: tuned TIFU-KNN, and trees that rank its candidates, both learned from last baskets."""

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
from recommender.sources.next_basket_features import describe_candidates
from training.data.history import History
from training.data.interactions import indicators
from training.data.neighbours import neighbour_lists
from training.data.repeat import customer_days, repeats_of
from training.measure.metrics import ndcg_of_cases
from training.models.boosting import Boosting, Lists, boost
from training.models.co_purchase import co_purchase
from training.models.peers import Blend, fit_peers, pool_for, pool_of, tune_blend
from training.models.popularity import trend_of
from training.settings import TrainingSettings

BASKET_PARTNERS_KEPT = 100
PARTNER_SHRINKAGE, PARTNER_SUPPORT = 3.0, 2
N_BEST_SELLERS = 100
REBUY_PRIOR = 5.0  # lines at which a product's own figure weighs as much as the shop's
BASKETS_TO_LEARN, BASKETS_TO_TUNE = 10_000, 2_000
FEWEST_BASKETS_TO_LEARN = 100  # below, trees learn noise
NEGATIVES = 40
HELD_OUT_LISTS = 0.1
TREE_COUNTS = (25, 50, 75, 100)
PEERS_CUSTOMERS = 100_000  # who ordered last; only they get peers, as others hardly come back
PRECOMPUTED_CUSTOMERS = 100_000  # who ordered last; only their candidates are precomputed
BLOCK_CUSTOMERS = 50  # at a time: their candidates and features fit in the processor's cache


class NextBasketModel(NamedTuple):
    """What the tuning and learning results in: TIFU-KNN's settings, and the trees."""

    blend: Blend
    trees: Trees

    @classmethod
    def of(cls, table: NextBasket) -> NextBasketModel | None:
        """As an earlier table holds it; None where that had too little to learn from."""
        decay, own_share = table.blend.tolist()
        return cls(Blend(decay=decay, own_share=own_share), table.trees) if len(table.trees) else None


def fit_next_basket(
    history: History,
    category: NDArray[np.int32],
    settings: TrainingSettings,
    learned: NextBasketModel | None = None,
    customers: NDArray[np.int64] | None = None,
) -> NextBasket:
    """The model of all baskets. learned: from an earlier training; None: learned now.

    customers: only they get peers, if they are among the PEERS_CUSTOMERS; None: all of these do.
    """
    days = baskets_of(history)
    shape = len(history.customer_ids), len(history.product_ids)
    if learned is None:
        learned = learn_from_last(days, category, shape, np.random.default_rng(settings.seed))
    latest = pool_of(histories_of(days, shape[0]), PEERS_CUSTOMERS)
    customers_with_peers = latest if customers is None else np.intersect1d(latest, customers)
    fitted = tables_of(days, category, shape, learned.blend, customers_with_peers, pool_for(len(latest)))
    return replace(fitted, trees=learned.trees)


def with_precomputed(table: NextBasket, day: int) -> NextBasket:
    """The table with the candidates of the customers who ordered last, computed as of `day` (since 1970)."""
    n, customers = len(table.pasts.offsets) - 1, pool_of(table.pasts, PRECOMPUTED_CUSTOMERS)
    blocks = [
        customers[start : start + BLOCK_CUSTOMERS] for start in range(0, len(customers), BLOCK_CUSTOMERS)
    ]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        results = list(threads.map(lambda block: precompute(table, block, day), blocks))
    empty, sizes = Precomputed.none(n), np.zeros(n, np.int64)
    sizes[customers] = np.concatenate([np.empty(0, np.int64), *(each for each, _ in results)])
    columns = zip((empty.items, empty.scores, empty.counts), *(rows for _, rows in results), strict=True)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    precomputed = Precomputed(np.array([day], np.int32), offsets, *map(np.concatenate, columns))
    return replace(table, foreseen=precomputed)


def learn_from_last(
    days: pl.DataFrame,
    category: NDArray[np.int32],
    shape: tuple[int, int],
    rng: np.random.Generator,
) -> NextBasketModel:
    """Learned from customers' last baskets, given those before. shape: (n_customers, n_items)."""
    early, wanted = last_baskets(days)
    cases = _some_customers(wanted, BASKETS_TO_TUNE, rng)
    blend = tune_blend(histories_of(early, shape[0]), customer_items(wanted, shape), cases)
    cases_to_learn = _some_customers(wanted, BASKETS_TO_LEARN, rng)
    before = tables_of(early, category, shape, blend, cases_to_learn, pool_for(len(cases_to_learn)))
    return NextBasketModel(blend, learn_trees(_lists(before, wanted, cases_to_learn), rng))


def baskets_of(history: History) -> pl.DataFrame:
    """Columns customer, item and day, in order of customer, day, item: a day is a basket."""
    return customer_days(history).sort("customer", "day", "item")


def last_baskets(days: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(earlier baskets, each customer's last basket); a customer's only basket counts as earlier."""
    newest, oldest = pl.col("day").max().over("customer"), pl.col("day").min().over("customer")
    last = (pl.col("day") == newest) & (oldest < newest)
    return days.filter(~last), days.filter(last)


def histories_of(days: pl.DataFrame, n_customers: int) -> PurchaseHistories:
    """days: customer, item and day, sorted by customer, then day."""
    offsets = np.searchsorted(days["customer"].to_numpy(), np.arange(n_customers + 1))
    item, day = days["item"].to_numpy(), days["day"].to_numpy()
    return PurchaseHistories(offsets.astype(np.int64), item.astype(np.int32), day.astype(np.int32))


def tables_of(
    days: pl.DataFrame,
    category: NDArray[np.int32],
    shape: tuple[int, int],
    blend: Blend,
    customers: NDArray[np.int64],
    among: int,
) -> NextBasket:
    """Everything but the trees. customers: who get peers; among: size of the pool these are found in; shape:
    (n_customers, n_items)."""
    histories = histories_of(days, shape[0])
    sold = np.bincount(histories.items, minlength=shape[1]).astype(np.float64)
    baskets = _basket_items(days, shape[1])
    rate, gap = repeats_of(days, category)
    return NextBasket(
        pasts=histories,
        peers=fit_peers(histories, shape[1], blend, customers, among),
        partners=_partners(baskets),
        popularity=(sold / max(baskets.shape[0], 1)).astype(np.float32),
        trend=trend_of(histories.items, histories.days, sold),
        rebuys=_rebuys(days, sold),
        repeat_rate=rate,
        repeat_gap=gap,
        best_sellers=np.argsort(-sold, kind="stable")[:N_BEST_SELLERS].astype(np.int32),
        blend=np.array([blend.decay, blend.own_share], np.float32),
        trees=Trees.none(),
        foreseen=Precomputed.none(shape[0]),
    )


def learn_trees(lists: Lists, rng: np.random.Generator) -> Trees:
    """Trees that rank each list; none where TIFU-KNN alone ranks held-out lists as well."""
    if lists.n_lists < FEWEST_BASKETS_TO_LEARN:
        return Trees.none()
    held_out = (rng.random(lists.n_lists) < HELD_OUT_LISTS)[lists.group]
    n_candidates = np.bincount(lists.group)[lists.group]
    kept = ~held_out & ((lists.wanted > 0) | (rng.random(len(lists.group)) < NEGATIVES / n_candidates))
    trees = boost(lists.where(kept), Boosting(trees=TREE_COUNTS[-1]), rng)
    choices = [Trees.none(), *(trees.first(count) for count in TREE_COUNTS)]
    return max(choices, key=lambda choice: _ndcg(choice, lists.where(held_out)))


def _some_customers(wanted: pl.DataFrame, at_most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    everybody = wanted["customer"].unique().sort().to_numpy().astype(np.int64)
    return np.sort(rng.permutation(everybody)[:at_most])


def _lists(before: NextBasket, wanted: pl.DataFrame, customers: NDArray[np.int64]) -> Lists:
    """The candidates for these customers' baskets, without those in which no candidate was bought."""
    rows, hits = [], []
    for bought in wanted.filter(pl.col("customer").is_in(customers)).partition_by(
        "customer", maintain_order=True
    ):
        customer, day = int(bought["customer"][0]), int(bought["day"][0])
        items, features = describe_candidates(
            before, before.pasts.of(customer), before.peers.of(customer), day
        )
        hit = np.isin(items, bought["item"].to_numpy())
        if hit.any():
            rows.append(features)
            hits.append(hit)
    return Lists.of(rows, hits)


def _ndcg(trees: Trees, lists: Lists) -> float:
    """Mean NDCG@10 of the lists, with ten items at most for its ideal."""
    order = np.lexsort((-rank_scores(trees, lists.rows), lists.group))
    starts = np.flatnonzero(np.r_[True, np.diff(lists.group) > 0])
    sizes = np.diff(np.r_[starts, len(order)])
    case = np.repeat(np.arange(len(starts)), sizes)
    ranks = np.arange(len(order)) - starts[case] + 1
    hit = lists.wanted[order] > 0
    n_wanted = np.minimum(np.add.reduceat(lists.wanted, starts).astype(np.int64), 10)
    return float(ndcg_of_cases(case[hit], ranks[hit], n_wanted, 10).mean())


def customer_items(days: pl.DataFrame, shape: tuple[int, int]) -> csr_matrix:
    """(n_customers, n_items), 1 where the customer bought the product."""
    return indicators(days["customer"].to_numpy(), days["item"].to_numpy(), shape)


def _basket_items(days: pl.DataFrame, n_items: int) -> csr_matrix:
    """(n_baskets, n_items) of 0 and 1; a basket is a customer's day."""
    basket = days.select(pl.struct("customer", "day").rle_id()).to_series().to_numpy()
    n_baskets = int(basket[-1]) + 1 if len(basket) else 0
    return indicators(basket, days["item"].to_numpy(), (n_baskets, n_items))


def _partners(baskets: csr_matrix) -> Neighbours:
    similarity = co_purchase(baskets, PARTNER_SHRINKAGE, PARTNER_SUPPORT, BASKET_PARTNERS_KEPT)
    return neighbour_lists(similarity, np.zeros(similarity.nnz, np.int32))


def _rebuys(days: pl.DataFrame, sold: NDArray[np.float64]) -> NDArray[np.float32]:
    pairs = np.sort(days["customer"].to_numpy().astype(np.int64) * len(sold) + days["item"].to_numpy())
    first = pairs[np.diff(pairs, prepend=-1) > 0] % max(len(sold), 1)
    repeats = sold - np.bincount(first, minlength=len(sold))
    repeat_share = repeats.sum() / max(sold.sum(), 1.0)
    return np.asarray((repeats + REBUY_PRIOR * repeat_share) / (sold + REBUY_PRIOR), np.float32)
