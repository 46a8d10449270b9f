"""Products new to the customer: near their taste (ALS), with what they bought (EASE), bought by their peers.

Training computes it for customers with a history. Serving adds what is near the taste of the visit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numba import types

from recommender.arrays.dtypes import Float32s, Int32s
from recommender.arrays.id_map import NO_ROW
from recommender.context.request import Situation
from recommender.kernels.compiled import FLOAT32S, INT32S, compiled, tuple_of
from recommender.kernels.item_table import new_table, slot_of
from recommender.kernels.ranking import CANDIDATE_COLUMNS_OUT, CandidateColumns
from recommender.model.bundle import Bundle, Tables
from recommender.model.discovery_table import DiscoveryRow
from recommender.sources.als import Taste, fold_in, for_you, live_taste
from recommender.sources.candidates import Candidates, neighbours_of, room

if TYPE_CHECKING:
    import faiss

NEAREST = 100  # products near a taste that are tried, besides those that are no news
MOST_ANCHORS = 100  # of a customer's products those of the highest confidence: the others change little
LIVE_COMPANIONS = 60  # of each product bought or viewed lately
KEPT = 64
LEAST_WEIGHT = 1e-3  # of a part without one: it comes after the others
ROWS_CACHED = 5_000  # of half a kilobyte each
ScoredItems = tuple[Int32s, Float32s]  # `DiscoveryRow`
SCORED_ITEMS = tuple_of(INT32S, FLOAT32S)


def discover(situation: Situation) -> Candidates:
    """What this customer never bought and may like; what they bought and viewed lately counts as much as all
    before. The counts are the products that speak for it. Where few products can be shown, each of them has a
    score, by taste alone."""
    if situation.among is not None:
        return for_you(situation)
    history, bought = _of_history(situation), situation.purchases.items
    if not len(situation.viewed) and not situation.fresh_purchases:
        return Candidates.unanchored(
            history.items, history.scores, np.full(len(history.items), len(bought), np.int32)
        )
    live = live_taste(situation)
    visit, n_known = _of_visit(situation, live), len(bought) + len(live.items)
    out = room(len(history.items) + len(visit.items))
    return Candidates.written(out, _join(history[:], visit[:], situation.owned, n_known, out))


@compiled((SCORED_ITEMS, SCORED_ITEMS, INT32S, types.int64, CANDIDATE_COLUMNS_OUT))
def _join(one: ScoredItems, other: ScoredItems, owned: Int32s, n_known: int, out: CandidateColumns) -> int:
    """Writes both, but what is owned, each with the same count; returns how many."""
    (items, scores, anchors, counts), owned_items, n = out, new_table(len(owned)), 0
    for item in owned:
        owned_items[slot_of(owned_items, item), 0] = item
    for candidates, their_scores in (one, other):
        for position in range(len(candidates)):
            item = candidates[position]
            if owned_items[slot_of(owned_items, item), 0] != item:
                items[n], scores[n], anchors[n], counts[n] = item, their_scores[position], NO_ROW, n_known
                n += 1
    return n


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
    known = tables.purchases.of(customer).items
    return _best(history_parts(tables, index, customer), tables, known)


def history_parts(tables: Tables, index: faiss.Index, customer: int) -> list[Candidates]:
    """What each of `discovery_table.PARTS` proposes for a customer with a history, what they bought, too."""
    bought, peers = tables.purchases.of(customer), tables.next_basket.peers.of(customer)
    return [
        _nearest(tables, index, Taste(bought.items, bought.confidence)),
        _companions(tables, bought.items, bought.confidence),
        _boosted(tables, Candidates.unanchored(peers.items, peers.weights, peers.items)),
    ]


def _near_visit(bundle: Bundle, live: Taste) -> DiscoveryRow:
    tables, (near, companions, _) = bundle.tables, bundle.tables.discovery.mix.tolist()
    parts = [
        _nearest(tables, bundle.index, live) if near or not companions else Candidates.none(),
        _companions(tables, *live, at_most=LIVE_COMPANIONS) if companions else Candidates.none(),
    ]
    return _best(parts, tables, live.items)


def no_news(tables: Tables, known: Int32s) -> Int32s:
    """What was bought or viewed, in whatever size or colour."""
    groups = tables.variant_groups
    in_group = groups.group[known]
    in_group = in_group[in_group >= 0]
    if not len(in_group):
        return known
    variants = [groups.items[slice(*groups.offsets[group : group + 2])] for group in in_group]
    return np.concatenate([known, *variants])


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


def _best(parts: Sequence[Candidates], tables: Tables, known: Int32s) -> DiscoveryRow:
    """The KEPT products with the highest sum of the parts, each scaled so that its best counts its weight;
    none that is no news."""
    excluded, total = no_news(tables, known), np.zeros(len(tables.products))
    for part, weight in zip(parts, tables.discovery.mix.tolist(), strict=False):
        if len(part.items):
            scores = np.bincount(part.items, part.scores, len(total))
            scores[excluded] = 0.0
            total += scores * (max(weight, LEAST_WEIGHT) / max(scores.max(), 1e-12))
    best = np.argpartition(-total, min(KEPT, len(total)) - 1)[:KEPT]
    best = best[total[best] > 0]
    best = best[np.argsort(-total[best], kind="stable")]
    relative = total[best] / max(total.max(initial=0.0), 1e-12)
    return DiscoveryRow(best.astype(np.int32), relative.astype(np.float32))
