"""Products new to the customer: near their taste (ALS), with what they bought (EASE), bought by their peers.

Training computes it for customers with a history. Serving adds what is near the taste of the visit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from recommender.arrays.dtypes import Bools, Float32s, Int32s
from recommender.context.request import Situation
from recommender.model.bundle import Bundle, Tables
from recommender.model.discovery_table import DiscoveryRow
from recommender.sources.als import Taste, fold_in, live_taste
from recommender.sources.candidates import NO_CANDIDATES, Candidates, neighbours_of

if TYPE_CHECKING:
    import faiss

NEAREST = 100  # products near a taste that are tried, besides those that are no news
MOST_ANCHORS = 100  # of a customer's products those of the highest confidence: the others change little
LIVE_COMPANIONS = 60  # of each product bought or viewed lately
KEPT = 64
ROWS_CACHED = 5_000  # of half a kilobyte each


def discover(situation: Situation) -> Candidates:
    """What this customer never bought and may like; what they bought and viewed lately counts as much as all
    before. The counts are the products that speak for it."""
    live = live_taste(situation)
    history, visit = _of_history(situation), _of_visit(situation, live)
    items = np.concatenate([history.items, visit.items])
    if not len(items):
        return NO_CANDIDATES
    scores = np.concatenate([history.scores, visit.scores])
    if situation.fresh_purchases or (len(visit.items) and len(history.items)):
        is_new = ~np.isin(items, list(situation.last_bought))
        items, scores = items[is_new], scores[is_new]
    n_known = situation.bundle.tables.purchases.number(situation.customer) + len(live.items)
    return Candidates.unanchored(items, scores, np.full(len(items), n_known, np.int32))


def _of_history(situation: Situation) -> DiscoveryRow:
    """As training computed it; computed now for a customer whom it left out."""
    bundle, customer = situation.bundle, situation.customer
    row = bundle.tables.discovery.of(customer)
    if len(row.items) or not bundle.tables.purchases.number(customer):
        return row
    return _cached(bundle, customer, lambda: new_to(bundle.tables, bundle.index, customer))


def _of_visit(situation: Situation, live: Taste) -> DiscoveryRow:
    """Near what was bought and viewed lately, by whomever: the same until something else is viewed."""
    bundle = situation.bundle
    if not len(live.items):
        return bundle.tables.discovery.of(-1)
    key = live.items.tobytes() + live.confidence.tobytes()
    return _cached(bundle, key, lambda: _near_visit(bundle, live))


def _cached(bundle: Bundle, key: int | bytes, compute: Callable[[], DiscoveryRow]) -> DiscoveryRow:
    cache = bundle.tables.discovery.computed
    if key not in cache:
        if len(cache) >= ROWS_CACHED:
            cache.clear()
        cache[key] = compute()
    return cache[key]


def new_to(tables: Tables, index: faiss.Index, customer: int) -> DiscoveryRow:
    """The KEPT likeliest products for a customer with a history. index: as in the bundle."""
    return _best(history_parts(tables, index, customer), tables)


def history_parts(tables: Tables, index: faiss.Index, customer: int) -> list[Candidates]:
    """What each of `discovery_table.PARTS` proposes for a customer with a history, without what is no news:
    what they bought, in whatever size or colour."""
    bought, peers = tables.purchases.of(customer), tables.next_basket.peers.of(customer)
    parts = [
        _nearest(tables, index, Taste(bought.items, bought.confidence)),
        _companions(tables, bought.items, bought.confidence),
        _boosted(tables, Candidates.unanchored(peers.items, peers.weights, peers.items)),
    ]
    return [part.where(_is_news(tables, part.items, bought.items)) for part in parts]


def _near_visit(bundle: Bundle, live: Taste) -> DiscoveryRow:
    tables = bundle.tables
    parts = [_nearest(tables, bundle.index, live), _companions(tables, *live, at_most=LIVE_COMPANIONS)]
    return _best([part.where(_is_news(tables, part.items, live.items)) for part in parts], tables)


def _nearest(tables: Tables, index: faiss.Index, taste: Taste) -> Candidates:
    """By ALS; the index has the boost in it."""
    k = min(NEAREST + len(taste.items), index.ntotal)
    scores, items = index.search(fold_in(tables.factors, taste)[None, :], k)
    kept = (items[0] >= 0) & (scores[0] > 0)
    found = items[0][kept].astype(np.int32)
    return Candidates.unanchored(found, scores[0][kept], found)


def _companions(tables: Tables, items: Int32s, confidence: Float32s, at_most: int = 1 << 30) -> Candidates:
    """By EASE, each product weighing what is beyond the confidence of no purchase."""
    first = np.argsort(-confidence, kind="stable")[:MOST_ANCHORS]
    weights: Sequence[float] = np.maximum(confidence[first] - 1.0, 1e-6).tolist()
    return _boosted(tables, neighbours_of(tables.companions, items[first], weights, at_most))


def _boosted(tables: Tables, candidates: Candidates) -> Candidates:
    return candidates._replace(scores=candidates.scores * tables.discovery.boost[candidates.items])


def _is_news(tables: Tables, items: Int32s, known: Int32s) -> Bools:
    return ~np.isin(items, known) & ~tables.variant_groups.share_one(items, known)


def _best(parts: Sequence[Candidates], tables: Tables) -> DiscoveryRow:
    """The KEPT products with the highest sum of the parts, each scaled so that its best counts its weight."""
    total = np.zeros(len(tables.products), np.float32)
    for part, weight in zip(parts, tables.discovery.mix.tolist(), strict=False):
        if weight > 0 and len(part.items):
            scores = np.bincount(part.items, part.scores, len(total))
            total += scores * (weight / max(scores.max(), 1e-12))
    n = min(KEPT, int((total > 0).sum()))
    best = np.argpartition(-total, n - 1)[:n] if n else np.empty(0, np.int64)
    best = best[np.argsort(-total[best], kind="stable")]
    return DiscoveryRow(best.astype(np.int32), total[best] / max(total.max(initial=0.0), np.float32(1e-12)))
