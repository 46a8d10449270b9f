"""Products new to each customer: a list of each, in which those that sell faster now count more."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

import faiss
import numpy as np

from recommender.arrays.dtypes import Float32s
from recommender.arrays.tables import Factors
from recommender.model.bundle import Tables
from recommender.model.discovery_table import DEFAULT_MIX, Discovery, DiscoveryRow
from recommender.sources.discover import new_to
from training.data.history import History
from training.models.als import build_index
from training.models.peers import pool_of
from training.models.popularity import decayed_demand

NOW_DAYS, USUAL_DAYS = 7.0, 180.0  # half-lives of what sells now and of what sold so far
PRIOR_ORDERS = 1.0  # orders at which a product's own rise weighs half
CUSTOMERS = 30_000  # who ordered last; serving computes the lists of others when they come


class DiscoveryTuning(NamedTuple):
    """mix: weight of each of `discovery_table.PARTS`; exponent: of the rise in sales, 0: it is not used."""

    mix: tuple[float, ...] = DEFAULT_MIX
    exponent: float = 0.5


def with_boost(tables: Tables, history: History, tuning: DiscoveryTuning) -> tuple[Tables, faiss.Index]:
    """The tables with a mix and a boost, but no customer's list yet, and the index with that boost."""
    boost = rise(history) ** np.float32(tuning.exponent)
    nothing = Discovery.none(len(tables.products), len(tables.customers))
    discovery = replace(nothing, mix=np.array(tuning.mix, np.float32), boost=boost)
    boosted = Factors(tables.factors.items * boost[:, None], tables.factors.gram)
    return replace(tables, discovery=discovery), build_index(boosted, tables.product.buyers)


def with_lists(tables: Tables, index: faiss.Index) -> Tables:
    """The tables with the lists of the customers who ordered last."""
    sizes, customers = np.zeros(len(tables.customers), np.int64), pool_of(tables.next_basket.pasts, CUSTOMERS)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        rows = list(threads.map(lambda customer: new_to(tables, index, int(customer)), customers))
    sizes[customers] = [len(row.items) for row in rows]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    nothing = DiscoveryRow(tables.discovery.items, tables.discovery.scores)
    items, scores = map(np.concatenate, zip(nothing, *rows, strict=True))
    return replace(tables, discovery=replace(tables.discovery, offsets=offsets, items=items, scores=scores))


def rise(history: History) -> Float32s:
    """(n_items): orders of late over those expected from all, pulled to 1 where there are few."""
    now, usual = (decayed_demand(history, days) for days in (NOW_DAYS, USUAL_DAYS))
    expected = usual * (now.sum() / max(usual.sum(), 1e-12))
    return np.asarray((now + PRIOR_ORDERS) / (expected + PRIOR_ORDERS), np.float32)
