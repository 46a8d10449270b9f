"""Personal sources: ALS with the vector of today's history, and what a customer buys again and again."""

from typing import NamedTuple

import numpy as np
from numba import types

from recommender.arrays.dtypes import Float32s, Int32s
from recommender.arrays.tables import Factors
from recommender.context.request import Situation
from recommender.context.shopper_log import MOST_VIEWED
from recommender.kernels.compiled import FLOAT32S, FLOAT32S_OUT, INT32S, compiled
from recommender.sources.candidates import Candidates

NEAREST_PRODUCTS = 40  # besides what the person knows already, which lies nearest
VIEW_CONFIDENCE = 2.0
PURCHASE_CONFIDENCE = 10.0
VIEWED = np.full(MOST_VIEWED, VIEW_CONFIDENCE, np.float32)
VECTORS_CACHED = 5_000  # of a quarter of a kilobyte each
USUAL_PRIOR_ORDERS = 2.0  # pulls a person's own repeat rate towards the product's


class Taste(NamedTuple):
    """What somebody showed an interest in. items int32; confidence float32, above 1."""

    items: Int32s
    confidence: Float32s


def for_you(situation: Situation) -> Candidates:
    """Nearest products to the person's ALS vector; of few that can be shown all that are near."""
    live, bundle = live_taste(situation), situation.bundle
    n_known = bundle.tables.purchases.number(situation.customer) + len(live.items)
    if not n_known:
        return Candidates.none()
    vector, among = _vector(situation, live), situation.among
    if among is not None:
        scores, items = (bundle.tables.factors.items[among] @ vector)[None, :], among[None, :]
    else:
        at_most = min(NEAREST_PRODUCTS + n_known, bundle.index.ntotal)
        scores, items = bundle.index.search(vector[None, :], at_most)
    positive = (items[0] >= 0) & (scores[0] > 0)
    evidence = np.full(int(positive.sum()), n_known, np.int32)
    return Candidates.unanchored(items[0][positive].astype(np.int32), scores[0][positive], evidence)


def _vector(situation: Situation, live: Taste) -> Float32s:
    """Folded in once for all answers of a visit until something new happens."""
    factors = situation.bundle.tables.factors
    key = situation.customer, live.items.tobytes(), live.confidence.tobytes()
    if key not in factors.folded_in:
        if len(factors.folded_in) >= VECTORS_CACHED:
            factors.folded_in.clear()
        factors.folded_in[key] = fold_in(factors, taste_of(situation))
    return factors.folded_in[key]


def taste_of(situation: Situation) -> Taste:
    """The trained history with today's purchases and views on top."""
    bought, live = situation.purchases, live_taste(situation)
    items = np.concatenate([bought.items, live.items])
    return Taste(items, np.concatenate([bought.confidence, live.confidence]))


def live_taste(situation: Situation) -> Taste:
    """What was bought since training, and viewed lately."""
    fresh, viewed = list(situation.fresh_purchases), situation.viewed
    if not fresh:
        return Taste(viewed, VIEWED[: len(viewed)])
    confidence = [PURCHASE_CONFIDENCE] * len(fresh) + [VIEW_CONFIDENCE] * len(viewed)
    return Taste(np.concatenate([np.array(fresh, np.int32), viewed]), np.array(confidence, np.float32))


def fold_in(factors: Factors, taste: Taste) -> Float32s:
    """The vector ALS would give this person: x = (Y'Y + Y'(C - I)Y + lI)^-1 Y'C1.

    Hu, Koren and Volinsky (2008), eq. 4; `factors.gram` holds Y'Y + lI. Returns (d) float32. Of fewer than d
    products the same by the Woodbury identity, in a quarter of the time: with G = gram, W = C - I and Y
    theirs, x = b - G^-1 Y' (W^-1 + Y G^-1 Y')^-1 Y b, where b = G^-1 Y'C1.
    """
    own, surplus = factors.items[taste.items], taste.confidence - 1.0
    if len(own) >= len(factors.gram):
        weighted = own * surplus[:, None]
        vector = np.linalg.solve(factors.gram + weighted.T @ own, own.T @ taste.confidence)
        return vector.astype(np.float32)
    turned = own @ factors.inverse_gram
    start = taste.confidence @ turned
    inner = turned @ own.T
    inner.flat[:: len(own) + 1] += 1.0 / np.maximum(surplus, 1e-6)
    return np.asarray(start - np.linalg.solve(inner, own @ start) @ turned, np.float32)


def usual(situation: Situation) -> Candidates:
    """What this person buys again, those first whose time has come.

    The chance of a next purchase (own orders, shrunk to the product's repeat rate) times how due it is:
    days since the last against the product's usual gap.
    """
    items, orders, last_day = own_purchases(situation)
    product, scores = situation.bundle.tables.product, np.empty(len(items), np.float32)
    _write_due(items, orders, last_day, product.repeat_rate, product.repeat_gap, situation.today, scores)
    return Candidates.unanchored(items, scores, orders)


@compiled((INT32S, INT32S, INT32S, FLOAT32S, FLOAT32S, types.int64, FLOAT32S_OUT))
def _write_due(
    items: Int32s,
    orders: Int32s,
    last_day: Int32s,
    repeat_rate: Float32s,
    repeat_gap: Float32s,
    today: int,
    scores: Float32s,
) -> None:
    for line in range(len(items)):
        item, prior = items[line], USUAL_PRIOR_ORDERS
        chance = (orders[line] - 1 + prior * repeat_rate[item]) / (orders[line] + prior)
        gaps = (today - last_day[line]) / max(repeat_gap[item], np.float32(1))
        due = min(gaps, 1.0) ** 2 * 0.5 ** (max(gaps - 1.0, 0.0) / 3.0)
        scores[line] = max(chance * due, 1e-6)


class OwnPurchases(NamedTuple):
    """What a customer has bought. items, orders (with the item) and last_day (since 1970): int32."""

    items: Int32s
    orders: Int32s
    last_day: Int32s


def own_purchases(situation: Situation) -> OwnPurchases:
    """The trained purchases, with those since training added; worked out once for all sources."""
    if "own purchases" not in situation.computed:
        situation.computed["own purchases"] = _own_purchases(situation)
    own: OwnPurchases = situation.computed["own purchases"]
    return own


def _own_purchases(situation: Situation) -> OwnPurchases:
    bought, fresh = situation.purchases, situation.fresh_purchases
    if not fresh:
        return OwnPurchases(bought.items, bought.orders, bought.last_day)
    trained = dict(zip(bought.items.tolist(), bought.orders.tolist(), strict=True))
    days = situation.last_bought
    orders = [trained.get(item, 0) + (item in fresh) for item in days]
    return OwnPurchases(
        np.array(list(days), np.int32), np.array(orders, np.int32), np.array(list(days.values()), np.int32)
    )
