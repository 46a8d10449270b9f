"""The next basket: TIFU-KNN's two voices and what is known of the habit, ranked by learned trees."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.boosting import Trees
from recommender.candidates import Candidates
from recommender.kernels import NEVER
from recommender.next_basket_table import Floats, ForeseenRow, Ints, NextBasket, Past, PeersRow
from recommender.request import DAY, Situation

SHORT_MEMORY = 0.6  # decay of a second personal vector, which the latest baskets rule
ANCHORS = 30  # products of the latest baskets whose partners become candidates
PARTNERS = 40
BEST_SELLERS = 30
TIFU, COUNT = 0, 1  # columns of the features

Columns = dict[str, NDArray[Any]]
Places = NDArray[np.intp]


def next_basket(situation: Situation) -> Candidates:
    """What this customer's next order may hold; the counts are their own orders of it."""
    table, customer = situation.bundle.tables.next_basket, situation.customer
    if not situation.fresh_purchases:
        row = table.foreseen.of(customer, situation.today)
        if row is not None:
            return Candidates.unanchored(*row)
    past = past_of(situation)
    if not len(past.items):
        return Candidates.none()
    return Candidates.unanchored(*foresee(table, past, table.peers.of(customer), situation.today))


def foresee(table: NextBasket, past: Past, peers: PeersRow, today: int) -> ForeseenRow:
    """Every candidate for a customer with this past, in no order."""
    items, features = describe(table, past, peers, today)
    scores = rank_scores(table.trees, features)
    return ForeseenRow(items, scores, features[:, COUNT].astype(np.int32))


def bought_before(situation: Situation) -> Candidates:
    """The same, of products that this customer has bought before."""
    found = next_basket(situation)
    return found.where(found.counts > 0)


def rank_scores(trees: Trees, features: Floats) -> Floats:
    """(n) float32 above 0: how likely each candidate is, beside the others."""
    if not len(trees):
        return features[:, TIFU] + np.float32(1e-6)
    return trees.chances(features)


def past_of(situation: Situation) -> Past:
    """The trained history with the orders since then on top."""
    tables = situation.bundle.tables
    past = tables.next_basket.pasts.of(situation.customer)
    if not situation.fresh_purchases:
        return past
    fresh = [
        (order.at_ms // (DAY * 1000), item)
        for order in situation.shopper.purchased_since(situation.trained_until_ms)
        for item in tables.products.rows(order.product_ids)
    ]
    return extended(past, fresh)


def extended(past: Past, fresh: list[tuple[int, int]]) -> Past:
    """A past with further (day, item) lines: again oldest first, and a product once a day."""
    known = np.stack([past.days, past.items], axis=1)
    days, items = np.unique(np.concatenate([known, np.array(fresh, np.int32)]), axis=0).T
    return Past(np.ascontiguousarray(items), np.ascontiguousarray(days))


def baskets_since(days: Ints) -> Places:
    """For each line, how many baskets followed its own; a day is a basket. days: ascending, not empty."""
    basket = np.cumsum(np.diff(days, prepend=days[0]) > 0)
    return np.asarray(basket[-1] - basket)


def personal_weights(age: Places, decay: float) -> NDArray[np.float64]:
    """What each line counts: decay^age, the weights of the past's baskets adding up to 1.

    TIFU-KNN (Hu et al. 2020) with one group: more groups ranked no better on any data tried.
    """
    return np.asarray(decay**age / (decay ** np.arange(age[0] + 1)).sum())


def personal_vector(past: Past, decay: float) -> tuple[Ints, Floats]:
    """(items ascending, their share of the customer's baskets), later baskets counting more."""
    items, place = np.unique(past.items, return_inverse=True)
    weights = personal_weights(baskets_since(past.days), decay)
    return items.astype(np.int32), np.bincount(place, weights, len(items)).astype(np.float32)


def describe(table: NextBasket, past: Past, peers: PeersRow, today: int) -> tuple[Ints, Floats]:
    """Candidates (n) int32, ascending, and what speaks for each, (n, features) float32.

    past: not empty. Candidates: what the customer bought, what the peers buy, what goes with the latest
    baskets, and the best sellers.
    """
    partners = _partners(table, past)
    best_partners = partners.items[np.argsort(-partners.weights, kind="stable")[:PARTNERS]]
    among = past.items, peers.items, best_partners, table.best_sellers[:BEST_SELLERS]
    items = np.unique(np.concatenate(among))
    age, place = baskets_since(past.days), np.searchsorted(items, past.items)
    columns = {
        **_voices(table, age, place, peers, items),
        "partners": _placed(items, partners),
        **_habit(table, past, age, place, items, today),
        **_product(table, items),
        **_customer(past, int(age[0]) + 1, today),
    }
    features = np.empty((len(items), len(columns)), np.float32)
    for column, values in enumerate(columns.values()):
        features[:, column] = values
    return items, features


def _voices(table: NextBasket, age: Places, place: Places, peers: PeersRow, items: Ints) -> Columns:
    """What TIFU-KNN's two vectors say. age and place (among the items): of each line."""
    decay, own_share = table.blend.tolist()
    own = np.bincount(place, personal_weights(age, decay), len(items))
    near = _placed(items, peers)
    return {
        "tifu": own_share * own + (1 - own_share) * near,
        "count": np.bincount(place, minlength=len(items)),
        "own": own,
        "peers": near,
        "short": np.bincount(place, personal_weights(age, SHORT_MEMORY), len(items)),
        "peers_lift": near / (table.popularity[items] + 1e-4),
    }


def _habit(table: NextBasket, past: Past, age: Places, place: Places, items: Ints, today: int) -> Columns:
    """How often, how long ago and how regularly the customer bought each."""
    n, lines = len(items), np.arange(len(past.items))
    count = np.bincount(place, minlength=n)
    first, last = np.zeros(n, np.intp), np.zeros(n, np.intp)
    first[place[::-1]], last[place] = lines[::-1], lines
    days = np.where(count > 0, today - past.days[last], NEVER)
    gap = (past.days[last] - past.days[first]) / np.maximum(count - 1, 1)
    return {
        "share": count / (age[0] + 1),
        "baskets_since": np.where(count > 0, age[last], NEVER),
        "baskets_since_first": np.where(count > 0, age[first], NEVER),
        "days_since": days,
        "due": np.where(count > 1, days / np.maximum(gap, 0.5), -1.0),
        "due_for_product": np.where(count > 0, days / np.maximum(table.repeat_gap[items], 0.5), -1.0),
    }


def _product(table: NextBasket, items: Ints) -> Columns:
    return {name: getattr(table, name)[items] for name in ("popularity", "trend", "rebuys", "repeat_rate")}


def _customer(past: Past, baskets: int, today: int) -> Columns:
    distinct = len(np.unique(past.items))
    usual_gap = (past.days[-1] - past.days[0]) / max(baskets - 1, 1)
    days = today - past.days[-1]
    figures = {
        "baskets": baskets,
        "basket_size": len(past.items) / baskets,
        "own_rebuys": 1 - distinct / len(past.items),
        "distinct": distinct,
        "days_since_order": days,
        "order_due": days / max(usual_gap, 0.5),
    }
    return {name: np.float32(value) for name, value in figures.items()}  # type: ignore[misc]


def _partners(table: NextBasket, past: Past) -> PeersRow:
    """How much each product stands in baskets with the products of the latest ones."""
    own, weights = personal_vector(past, SHORT_MEMORY)
    anchors = np.argsort(-weights, kind="stable")[:ANCHORS]
    rows, weights = own[anchors], weights[anchors]
    start = table.partners.offsets[rows]
    sizes = table.partners.offsets[rows + 1] - start
    place = np.arange(sizes.sum()) + np.repeat(start - sizes.cumsum() + sizes, sizes)
    items, which = np.unique(table.partners.items[place], return_inverse=True)
    votes = table.partners.weights[place] * np.repeat(weights, sizes)
    return PeersRow(items, np.bincount(which, votes, len(items)).astype(np.float32))


def _placed(items: Ints, some: PeersRow) -> Floats:
    """The weights of some of the items, 0 for the others. Both ascending; `some` may hold further items."""
    placed = np.zeros(len(items), np.float32)
    place = np.minimum(np.searchsorted(items, some.items), len(items) - 1)
    found = items[place] == some.items
    placed[place[found]] = some.weights[found]
    return placed
