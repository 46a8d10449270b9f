"""The next basket: candidates of TIFU-KNN and of the customer's habits, ranked by learned trees."""

import numpy as np

from features.time_units import DAY_MS
from recommender.arrays.dtypes import Float32s, Int32s, Int64s
from recommender.context.request import Situation
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
    describe_candidates,
    describe_many,
    personal_weights,
)

CUSTOMERS_CACHED = 2_000  # of about 2 kB each


def next_basket(situation: Situation) -> Candidates:
    """What this customer's next order may hold; the counts are their own orders of it."""
    if "next_basket" not in situation.computed:  # the cart asks for it, too
        situation.computed["next_basket"] = _next_basket(situation)
    candidates: Candidates = situation.computed["next_basket"]
    return candidates


def _next_basket(situation: Situation) -> Candidates:
    if situation.fresh_purchases:
        return Candidates.unanchored(*_computed(situation))
    candidates = precomputed(situation)
    if candidates is not None:
        return candidates
    cache, customer_day = situation.bundle.tables.next_basket.computed, (situation.customer, situation.today)
    if customer_day not in cache:
        if len(cache) >= CUSTOMERS_CACHED:
            cache.clear()
        cache[customer_day] = _computed(situation)
    return Candidates.unanchored(*cache[customer_day])


def _computed(situation: Situation) -> PrecomputedRow:
    """Of a customer with a past."""
    table = situation.bundle.tables.next_basket
    peers = table.peers.of(situation.customer)
    return score_candidates(table, past_of(situation), peers, situation.today)


def likeliest_next(situation: Situation) -> Candidates:
    """The PRECOMPUTED_KEPT best of `next_basket`: as many as are precomputed."""
    basket = next_basket(situation)
    if len(basket.items) <= PRECOMPUTED_KEPT:
        return basket
    row = PrecomputedRow(basket.items, basket.scores, basket.counts)
    return Candidates.unanchored(*row.best(PRECOMPUTED_KEPT))


def precomputed(situation: Situation) -> Candidates | None:
    """The same, for a customer without orders since training; None where it must be computed now."""
    table, customer = situation.bundle.tables.next_basket, situation.customer
    row = table.foreseen.of(customer, situation.today)
    if row is not None:
        return Candidates.unanchored(*row)
    past = table.pasts.row(customer)
    return Candidates.none() if past.start == past.stop else None


def score_candidates(table: NextBasket, past: Past, peers: PeersRow, today: int) -> PrecomputedRow:
    """Every candidate for a customer with this past, in no order."""
    items, features = describe_candidates(table, past, peers, today)
    scores = rank_scores(table.trees, features)
    return PrecomputedRow(items, scores, _orders(features))


def _orders(features: Float32s) -> Int32s:
    """How often the customer bought each."""
    return features[:, COUNT].astype(np.int32)


def precompute(table: NextBasket, customers: Int64s, today: int) -> tuple[Int64s, PrecomputedRow]:
    """The PRECOMPUTED_KEPT likeliest candidates of each customer, all with a past, likeliest first.

    Returns how many of each customer, and the candidates one customer after another.
    """
    lists, items, features = describe_many(table, customers, today)
    scores = rank_scores(table.trees, features, lists)
    list_of = np.repeat(np.arange(len(customers)), np.diff(lists))
    order = np.lexsort((-scores, list_of))
    best = order[np.arange(len(order)) - lists[list_of] < PRECOMPUTED_KEPT]
    row = PrecomputedRow(items[best], scores[best], _orders(features)[best])
    return np.minimum(np.diff(lists), PRECOMPUTED_KEPT), row


def bought_before(situation: Situation) -> Candidates:
    """Of the next basket, the products that this customer has bought before."""
    candidates = next_basket(situation)
    return candidates.where(candidates.counts > 0)


def rank_scores(trees: Trees, features: Float32s, lists: Int64s | None = None) -> Float32s:
    """(n) float32 above 0: how likely each candidate is, compared with the others. lists: of several
    customers, where each one's candidates begin, and the end."""
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
    lines = np.stack([past.days, past.items], axis=1)
    days, items = np.unique(np.concatenate([lines, np.array(fresh, np.int32)]), axis=0).T
    return Past(np.ascontiguousarray(items), np.ascontiguousarray(days))


def personal_vector(past: Past, decay: float) -> tuple[Int32s, Float32s]:
    """(items ascending, their share of the customer's baskets), later baskets counting more."""
    items, item_of_line = np.unique(past.items, return_inverse=True)
    weights = personal_weights(baskets_since(past.days), decay)
    return items.astype(np.int32), np.bincount(item_of_line, weights, len(items)).astype(np.float32)
