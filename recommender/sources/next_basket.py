"""The next basket: TIFU-KNN's two voices and what is known of the habit, ranked by learned trees."""

from __future__ import annotations

import numpy as np

from features.time_units import DAY_MS
from recommender.arrays.dtypes import Float32s, Int32s
from recommender.context.request import Situation
from recommender.kernels.ranking import Places
from recommender.kernels.trees import Trees
from recommender.model.next_basket_table import (
    PRECOMPUTED_KEPT,
    NextBasket,
    Past,
    PeersRow,
    PrecomputedRow,
)
from recommender.sources.candidates import Candidates
from recommender.sources.next_basket_features import (
    COUNT,
    TIFU,
    baskets_since,
    describe,
    describe_many,
    personal_weights,
)


def next_basket(situation: Situation) -> Candidates:
    """What this customer's next order may hold; the counts are their own orders of it."""
    if not situation.fresh_purchases:
        found = foreseen(situation)
        if found is not None:
            return found
    table, past = situation.bundle.tables.next_basket, past_of(situation)
    if not len(past.items):
        return Candidates.none()
    return Candidates.unanchored(*foresee(table, past, table.peers.of(situation.customer), situation.today))


def foreseen(situation: Situation) -> Candidates | None:
    """The same, of who has ordered nothing since training; None where it must be worked out."""
    table, customer = situation.bundle.tables.next_basket, situation.customer
    row = table.foreseen.of(customer, situation.today)
    if row is not None:
        return Candidates.unanchored(*row)
    past = table.pasts.row(customer)
    return Candidates.none() if past.start == past.stop else None


def foresee(table: NextBasket, past: Past, peers: PeersRow, today: int) -> PrecomputedRow:
    """Every candidate for a customer with this past, in no order."""
    items, features = describe(table, past, peers, today)
    scores = rank_scores(table.trees, features)
    return PrecomputedRow(items, scores, _orders(features))


def _orders(features: Float32s) -> Int32s:
    """How often the customer bought each."""
    return features[:, COUNT].astype(np.int32)


def foresee_many(table: NextBasket, customers: Places, today: int) -> tuple[Places, PrecomputedRow]:
    """Of several customers with a past the PRECOMPUTED_KEPT likeliest, likeliest first: (how many of each,
    and these one after another)."""
    lists, items, features = describe_many(table, customers, today)
    scores = rank_scores(table.trees, features, lists)
    which = np.repeat(np.arange(len(customers)), np.diff(lists))
    order = np.lexsort((-scores, which))
    best = order[np.arange(len(order)) - lists[which] < PRECOMPUTED_KEPT]
    row = PrecomputedRow(items[best], scores[best], _orders(features)[best])
    return np.minimum(np.diff(lists), PRECOMPUTED_KEPT), row


def bought_before(situation: Situation) -> Candidates:
    """The same, of products that this customer has bought before."""
    found = next_basket(situation)
    return found.where(found.counts > 0)


def rank_scores(trees: Trees, features: Float32s, lists: Places | None = None) -> Float32s:
    """(n) float32 above 0: how likely each candidate is, beside the others. lists: of several customers,
    where each one's candidates begin, and the end."""
    if not len(trees):
        return features[:, TIFU] + np.float32(1e-6)
    return trees.chances(features, lists=lists)


def past_of(situation: Situation) -> Past:
    """The trained history with the orders since then on top."""
    tables = situation.bundle.tables
    past = tables.next_basket.pasts.of(situation.customer)
    if not situation.fresh_purchases:
        return past
    fresh = [
        (order.at_ms // DAY_MS, item)
        for order in situation.shopper.purchased_since(situation.trained_until_ms)
        for item in tables.products.rows(order.product_ids)
    ]
    return extended(past, fresh)


def extended(past: Past, fresh: list[tuple[int, int]]) -> Past:
    """A past with further (day, item) lines: again oldest first, and a product once a day."""
    known = np.stack([past.days, past.items], axis=1)
    days, items = np.unique(np.concatenate([known, np.array(fresh, np.int32)]), axis=0).T
    return Past(np.ascontiguousarray(items), np.ascontiguousarray(days))


def personal_vector(past: Past, decay: float) -> tuple[Int32s, Float32s]:
    """(items ascending, their share of the customer's baskets), later baskets counting more."""
    items, place = np.unique(past.items, return_inverse=True)
    weights = personal_weights(baskets_since(past.days), decay)
    return items.astype(np.int32), np.bincount(place, weights, len(items)).astype(np.float32)
