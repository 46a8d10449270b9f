"""History and catalogue -> the tables of a bundle, step by step."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import faiss
import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from features.progress import Report, silent
from recommender.arrays.id_map import IdMap, PackedBytes
from recommender.arrays.tables import Factors, ProductTable, VariantGroups
from recommender.kernels.trees import Trees
from recommender.model.bundle import Tables
from recommender.model.discovery_table import Discovery
from recommender.placements import fixed_weights
from training.data.history import History
from training.data.interactions import buyer_items, confidence, purchase_confidence
from training.data.neighbours import as_neighbours, fill_empty_rows, matrix_of
from training.data.products import Products, align
from training.data.repeat import purchases_table, repeat_table
from training.data.rest import rest_table
from training.data.traits import Traits
from training.models.als import fit_als
from training.models.cart import fit_carts
from training.models.cold_start import with_content_vectors
from training.models.discovery import DiscoveryTuning, with_boost
from training.models.next_basket import NextBasketModel, fit_next_basket
from training.models.popularity import (
    POPULAR_HALF_LIFE_DAYS,
    decayed_demand,
    is_new,
    newest,
    popular,
    popular_by_category,
    trending,
)
from training.models.product_kinds import Content, SimilarityCache
from training.models.product_pages import page_neighbours, with_companions
from training.models.sessions import fit_sessions
from training.models.upgrades import upgrades
from training.settings import TrainingSettings


@dataclass(frozen=True)
class WarmStart:
    """What a rehearsal hands to the training after it: the next-basket settings (None: to be learned again),
    initial ALS vectors, and similarities of products."""

    next_basket: NextBasketModel | None = None
    factors: Factors | None = None
    similarity_cache: SimilarityCache = field(default_factory=SimilarityCache)


def build(
    history: History,
    catalogue: pl.DataFrame,
    settings: TrainingSettings,
    report: Report = silent,
    warm_start: WarmStart | None = None,
    customers: NDArray[np.int64] | None = None,
    discovery: DiscoveryTuning | None = None,
) -> tuple[Tables, faiss.Index]:
    """Fit every model on a history. Deterministic: the same input gives the same tables.

    warm_start: from a rehearsal; customers: the only ones whose next baskets will be used, None: all;
    discovery: as a rehearsal tuned it. No customer's discoveries are listed yet.
    """
    warm_start = warm_start or WarmStart()
    products, buyers = align(catalogue, history), buyer_items(history)
    with _background_worker() as background:
        next_basket = background.submit(
            fit_next_basket, history, products.category, settings, warm_start.next_basket, customers
        )
        kinds = products.price, products.category, products.brand
        visits = background.submit(fit_sessions, history, kinds, settings)
        content = Content.of(products.titles, products.category, products.brand, products.bare_titles)
        factors = fit_tastes(history, content, products.price, settings, report, warm_start.factors)
        alike = warm_start.similarity_cache.closest(content, products.price, settings.neighbours_kept)
        neighbours = fit_neighbours(history, content, products, alike, settings, report)
        report("Repeat purchases", 0, 1)
        table = product_table(history, products, np.asarray(buyers.sum(axis=0)).ravel(), settings)
        purchases = purchases_table(history, purchase_confidence(history, settings))
        report("Popular, trending, new", 0, 1)
        rankings = shared_rankings(history, products, table)
        report("Next baskets, visits", 0, 1)
        sessions, visit_trees = visits.result()
        tables = Tables(
            **id_tables(history, products),
            product=table,
            variant_groups=VariantGroups.of(products.variant_group, table.buyers),
            **neighbours,
            **better_ones(alike, content, products, table),
            cart_trees=Trees.none(),
            purchases=purchases,
            next_basket=next_basket.result(),
            sessions=sessions,
            visit_trees=visit_trees,
            factors=factors,
            discovery=Discovery.none(len(history.product_ids), len(history.customer_ids)),
            blends=fixed_weights(),
            attributes=products.attributes(),
            local=products.local(),
            **rankings,
        )
    return with_boost(tables, history, discovery or DiscoveryTuning())


@contextmanager
def _background_worker() -> Iterator[ThreadPoolExecutor]:
    """Runs steps on another core, one after another; those still waiting are dropped on an error."""
    worker = ThreadPoolExecutor(1)
    try:
        yield worker
    finally:
        worker.shutdown(cancel_futures=True)


def id_tables(history: History, products: Products) -> dict[str, Any]:
    """The tables of ids, names and cards."""
    return {
        "products": IdMap.build(history.product_ids),
        "customers": IdMap.build(history.customer_ids),
        "categories": IdMap.build(products.categories),
        "brands": IdMap.build(products.brands),
        "cards": products.cards(),
        "titles": PackedBytes.pack(title.encode() for title in products.titles),
    }


def shared_rankings(history: History, products: Products, table: ProductTable) -> dict[str, Any]:
    """The rankings that are the same for everybody: popular, trending, new."""
    ranking = popular(history, table.recommendable, table.buyers, products)
    sold = decayed_demand(history, POPULAR_HALF_LIFE_DAYS)
    return {
        "popular": ranking,
        "trending": trending(history, table.recommendable),
        "newest": newest(table.first_day, table.recommendable & is_new(table.first_day, history), sold),
        "category_popular": popular_by_category(ranking, products.category_items),
    }


def fit_neighbours(
    history: History,
    content: Content,
    products: Products,
    alike: csr_matrix,
    settings: TrainingSettings,
    report: Report,
) -> dict[str, Any]:
    """Similar products, complements, companions in a cart, and the tuning of these. alike: `closest`."""
    buyers = buyer_items(history)
    report("Product pages", 0, 1)
    similar, paired = page_neighbours(history, content, alike, products.variant_group, buyers, settings)
    report("Carts (EASE)", 0, 1)
    companions, tuning = fit_carts(history, settings)
    complements = with_companions(paired, companions, content, products.variant_group, history, settings)
    filled = fill_empty_rows(companions, matrix_of(paired))
    return {
        "similar": similar,
        "complements": complements,
        "companions": as_neighbours(filled, buyers),
        "cart_tuning": np.array(tuning, np.float32),
    }


def better_ones(
    alike: csr_matrix, content: Content, products: Products, table: ProductTable
) -> dict[str, Any]:
    """The better ones of each product, and what products tell of themselves."""
    traits = Traits.of(products.titles, products.rows["attributes"])
    group, price = products.variant_group, products.price
    better = upgrades(alike, content, group, price, traits, table.buyers, table.repeat_rate)
    return {"upgrades": better, "traits": traits.packed()}


def fit_tastes(
    history: History,
    content: Content,
    price: NDArray[np.float32],
    settings: TrainingSettings,
    report: Report = silent,
    start: Factors | None = None,
) -> Factors:
    """ALS on purchases and views; products without either get vectors predicted from their content."""
    report("Personal tastes (ALS)", 0, settings.als_iterations)
    liking = confidence(history, settings)
    somebody = liking[np.diff(liking.indptr) > 0]  # most rows of guests are empty
    factors = fit_als(somebody, settings, report, start)
    return with_content_vectors(factors, liking, content.vectors, price, settings.seed)


def product_table(
    history: History, products: Products, buyers: NDArray[Any], settings: TrainingSettings
) -> ProductTable:
    """Facts of each product that serving needs. buyers: (n_items), how many each has."""
    repeat_rate, repeat_gap = repeat_table(history, products.category)
    rest_days = rest_table(history, products.category, settings.rest_share, settings.rest_days)
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
        rest_days=rest_days,
    )
