"""History and catalogue -> the tables of a bundle: the list of training's steps."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import faiss
import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.progress import Report, silent
from recommender.arrays.id_map import IdMap, PackedBytes
from recommender.arrays.tables import Factors, Neighbours, ProductTable
from recommender.kernels.trees import Trees
from recommender.model.bundle import Tables
from recommender.placements import fixed_weights
from training.data.history import History
from training.data.interactions import buyer_items, confidence, purchase_confidence
from training.data.neighbours import as_neighbours, fill_empty_rows, matrix_of
from training.data.products import Products, align
from training.data.repeat import purchases_table, repeat_table
from training.models.als import build_index, fit_als
from training.models.cart import CartTuning, fit_carts
from training.models.cold_start import with_content_vectors
from training.models.next_basket import Learned, fit_next_basket
from training.models.popularity import (
    POPULAR_HALF_LIFE_DAYS,
    decayed_orders,
    newest,
    popular,
    popular_by_category,
    trending,
)
from training.models.product_kinds import Content, SimilarityCache
from training.models.product_pages import page_neighbours, with_companions
from training.models.sessions import fit_sessions
from training.settings import TrainingSettings


@dataclass(frozen=True)
class Known:
    """What a rehearsal leaves to the training after it: what it learned of next baskets, where that need not
    be learned again, vectors to begin with, and which products are alike."""

    next_basket: Learned | None = None
    factors: Factors | None = None
    alike: SimilarityCache = field(default_factory=SimilarityCache)


def build(
    history: History,
    catalogue: pl.DataFrame,
    settings: TrainingSettings,
    report: Report = silent,
    known: Known | None = None,
    asked: NDArray[np.int64] | None = None,
) -> tuple[Tables, faiss.Index]:
    """Fit every model on a history. Deterministic: the same input gives the same tables.

    known: what a rehearsal has found out; asked: the only customers whose next baskets will be looked at,
    None: everybody's.
    """
    known = known or Known()
    products, buyers = align(catalogue, history), buyer_items(history)
    with _second_lane() as beside:
        next_basket = beside.submit(
            fit_next_basket, history, products.category, settings, known.next_basket, asked
        )
        sessions = beside.submit(fit_sessions, history, settings)
        content = Content.of(products.titles, products.category, products.brand)
        factors = tastes(history, content, products.price, settings, report, known.factors)
        similar, complements, companions, tuning = partners(
            history, content, products, settings, report, known.alike
        )
        report("Repeat purchases", 0, 1)
        table = product_table(history, products, np.asarray(buyers.sum(axis=0)).ravel())
        purchases = purchases_table(history, purchase_confidence(history, settings))
        report("Popular, trending, new", 0, 1)
        rankings = usual_rankings(history, products, table)
        report("Next baskets, visits", 0, 1)
        tables = Tables(
            **names(history, products),
            product=table,
            similar=similar,
            complements=complements,
            companions=companions,
            cart_tuning=np.array(tuning, np.float32),
            cart_trees=Trees.none(),
            purchases=purchases,
            next_basket=next_basket.result(),
            sessions=sessions.result(),
            factors=factors,
            blends=fixed_weights(),
            **rankings,
        )
    return tables, build_index(factors, table.buyers)


@contextmanager
def _second_lane() -> Iterator[ThreadPoolExecutor]:
    """Steps on another core; those still waiting are dropped where the first lane fails."""
    lane = ThreadPoolExecutor(1)
    try:
        yield lane
    finally:
        lane.shutdown(cancel_futures=True)


def names(history: History, products: Products) -> dict[str, Any]:
    """The tables of ids, names and cards."""
    return {
        "products": IdMap.build(history.product_ids),
        "customers": IdMap.build(history.customer_ids),
        "categories": IdMap.build(products.categories),
        "brands": IdMap.build(products.brands),
        "cards": products.cards(),
        "titles": PackedBytes.pack(title.encode() for title in products.titles),
    }


def usual_rankings(history: History, products: Products, table: ProductTable) -> dict[str, Any]:
    """The tables that are the same for everybody: popular, trending, new."""
    ranking = popular(history, table.recommendable, table.buyers)
    sold = decayed_orders(history, POPULAR_HALF_LIFE_DAYS)
    return {
        "popular": ranking,
        "trending": trending(history, table.recommendable),
        "newest": newest(table.first_day, table.recommendable, sold),
        "category_popular": popular_by_category(ranking, products.category_items),
    }


def partners(
    history: History,
    content: Content,
    products: Products,
    settings: TrainingSettings,
    report: Report,
    alike: SimilarityCache,
) -> tuple[Neighbours, Neighbours, Neighbours, CartTuning]:
    """Of each product: what is like it, what goes with it, what goes with carts of it; their tuning."""
    buyers = buyer_items(history)
    report("Product pages", 0, 1)
    similar, paired = page_neighbours(history, content, products.price, buyers, settings, alike)
    report("Carts (EASE)", 0, 1)
    companions, tuning = fit_carts(history, settings)
    complements = with_companions(paired, companions, buyers, settings.neighbours_kept)
    filled = fill_empty_rows(companions, matrix_of(paired))
    return similar, complements, as_neighbours(filled, buyers), tuning


def tastes(
    history: History,
    content: Content,
    price: NDArray[np.float32],
    settings: TrainingSettings,
    report: Report = silent,
    start: Factors | None = None,
) -> Factors:
    """ALS of who bought and looked at what; products that nobody did have vectors by their content."""
    report("Personal tastes (ALS)", 0, settings.als_iterations)
    liking = confidence(history, settings)
    somebody = liking[np.diff(liking.indptr) > 0]  # most rows are guests' who are customers after all
    factors = fit_als(somebody, settings, report, start)
    return with_content_vectors(factors, liking, content.vectors, price, settings.seed)


def product_table(history: History, products: Products, buyers: NDArray[Any]) -> ProductTable:
    """What serving must know of each product. buyers: (n_items), how many each has."""
    repeat_rate, repeat_gap = repeat_table(history, products.category)
    return ProductTable(
        price=products.price,
        cost=products.cost,
        category=products.category,
        brand=products.brand,
        recommendable=products.recommendable,
        in_stock=products.in_stock,
        buyers=buyers.astype(np.int32),
        first_day=products.first_day(history),
        repeat_rate=repeat_rate,
        repeat_gap=repeat_gap,
    )
