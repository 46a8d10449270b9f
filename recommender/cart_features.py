"""What the trees know of each product that may complete a cart: gathered, nothing is worked out anew."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.candidates import NO_ANCHOR, Candidates
from recommender.next_basket import NEVER, next_basket
from recommender.next_basket_table import FORESEEN_KEPT, ForeseenRow
from recommender.personal import own_purchases
from recommender.request import Situation

DEEPEST = 60  # places of the sums that the trees order anew
SHARE = 0  # column of the features: an item's sum over the best one's

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]
Places = NDArray[np.intp]


class Head(NamedTuple):
    """The items of the largest sums, in no order, what is known of each, (n, features) float32, and what
    speaks loudest for it."""

    items: Ints
    features: Floats
    anchors: Ints
    counts: Ints


def head_of(situation: Situation, found: Candidates) -> Head | None:
    """Of the items that were found and may be shown; None where no order of the customer is known."""
    items = _best(situation, found)
    if not len(items) or not len(own_purchases(situation)[0]):
        return None
    which = _places(situation, items, found.items)
    inside = which < len(items)
    found, which = found.where(inside), which[inside]
    loud = found.scores.argsort(kind="stable")
    loudest = np.empty(len(items), np.intp)
    loudest[which[loud]] = loud  # of an item's places the last to be written
    rows = (
        _of_cart(found, which, loudest, len(situation.cart)),
        _of_next_basket(situation, items),
        _of_habit(situation, items),
        situation.bundle.tables.next_basket.figures[:, items],
    )
    return Head(items, np.concatenate(rows).T, found.anchors[loudest], found.counts[loudest])


def _best(situation: Situation, found: Candidates) -> Ints:
    """The items of the largest sums above 0, DEEPEST at most, in no order."""
    n_products, places = len(situation.bundle.tables.products), np.arange(len(found.items))
    sums, allowed = np.zeros(n_products, np.float32), np.ones(n_products, np.bool_)
    last = np.empty(n_products, np.intp)  # only what is written is read, not every product
    np.add.at(sums, found.items, found.scores)
    situation.hide(allowed)
    last[found.items] = places
    items = found.items[last[found.items] == places]
    shown: Ints = items[(sums[items] > 0) & allowed[items]]
    return shown if len(shown) <= DEEPEST else shown[sums[shown].argpartition(-DEEPEST)[-DEEPEST:]]


def _places(situation: Situation, items: Ints, of: Ints) -> Places:
    """Where each of `of` stands among the items, which are distinct; len(items) where it does not."""
    place = np.empty(len(situation.bundle.tables.products), np.intp)  # only what is written is read
    place[of] = len(items)
    place[items] = np.arange(len(items))
    return place[of]


def _of_cart(found: Candidates, which: Places, loudest: Places, in_cart: int) -> Floats:
    """(7, n): sum and EASE's part of it, absolute and beside the best; the largest vote and how many of the
    cart's products vote; the cart's size. which: the item of each place."""
    n, together = len(loudest), found.anchors != NO_ANCHOR
    sums = np.bincount(which, found.scores, n)
    ease = np.bincount(which, found.scores * together, n)
    voters = np.bincount(which, together & (found.scores > 0), n)
    beside_best = ease / max(ease.max(), 1e-9)
    voices, size = voters / max(in_cart, 1), np.full(n, in_cart)
    columns = [sums / sums.max(), sums, ease, beside_best, found.scores[loudest], voices, size]
    return np.array(columns, np.float32)


def _of_next_basket(situation: Situation, items: Ints) -> Floats:
    """(2, n): score and own orders, of as many as are worked out beforehand; 0 for others."""
    found = next_basket(situation)
    row = ForeseenRow(found.items, found.scores, found.counts)
    if len(row.items) > FORESEEN_KEPT:
        row = row.best(FORESEEN_KEPT)
    columns = np.zeros((2, len(items) + 1), np.float32)
    columns[:, _places(situation, items, row.items)] = row.scores, row.counts
    return columns[:, :-1]


def _of_habit(situation: Situation, items: Ints) -> Floats:
    """(3, n): own orders, days since the last one, and these over the days that usually lie between."""
    own, orders, last_day = own_purchases(situation)
    days = situation.today - last_day
    gap = situation.bundle.tables.next_basket.repeat_gap[own]
    columns = np.repeat(np.array([[0], [NEVER], [-1]], np.float32), len(items) + 1, axis=1)
    columns[:, _places(situation, items, own)] = orders, days, days / np.maximum(gap, 0.5)
    return columns[:, :-1]
