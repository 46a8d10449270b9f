"""The commonest answers, each in one call of machine code: from a shopper's log to the ranking.

They say what `Situation`, the sources and `blend` say one after another, without the way from one loop to
the next. Each is for the usual case, and says None in any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numba import types

from recommender.context.request import Situation
from recommender.context.shopper_log import (
    HIDDEN,
    LOG,
    MOST_SEEN,
    UNREADABLE,
    Log,
    Numbers,
    resolve_log,
    written,
)
from recommender.kernels.cart import COMPANIONS, DEEPEST, FEATURES, FIGURES, Companions, Figures, habits, head
from recommender.kernels.ranking import (
    FLAGS_OUT,
    FLOATS,
    FLOATS_OUT,
    INT_ROWS_OUT,
    INTS,
    PROPOSALS,
    RATES,
    TABLE,
    Flags,
    Floats,
    Ints,
    Proposals,
    Rates,
    Table,
    array,
    compiled,
    rank,
    tuple_of,
)
from recommender.kernels.trees import Masks, add_leaves, to_chances
from recommender.sources.candidates import Candidates, Ranking
from recommender.sources.cart import companions, start_from_share
from recommender.sources.next_basket import foreseen
from recommender.sources.session import FAINT, lead_on

Found = tuple[Ranking, Sequence[int]]
"""The k best, and how many each source proposed."""
AtOnce = Callable[[Situation, Rates, Flags, int], Found | None]
"""Of a situation, the sources' weights and what may be shown (see `blend`), the k best."""

LEFT = -1  # to the parts
LIVE = -1  # as the size of a named cart: none is named, the live one counts
Place = tuple[Flags, Ints, Floats]  # what may be shown; room for the `Ranking`
Trees = tuple[Ints, Floats, Masks, Floats]  # `boosting.Trees.columns`
Known = tuple[Companions, Figures, Trees]  # of products, for carts
PLACE = tuple_of(FLAGS_OUT, INT_ROWS_OUT, FLOATS_OUT)
TREES = tuple_of(
    array(types.int32, 2), array(types.float32, 2), array(types.uint32, 2), array(types.float32, 2)
)
KNOWN = tuple_of(COMPANIONS, FIGURES, TREES)


def row(propose: Callable[[Situation], Candidates | None]) -> AtOnce:
    """Of one source that does not ask the log."""

    def at_once(situation: Situation, weights: Rates, allowed: Flags, k: int) -> Found | None:
        log, proposed = situation.log, propose(situation)
        if log is None or proposed is None:
            return None
        told, scores = ranking = Ranking.room(k)
        found, live = _row(log, proposed.columns, weights, (allowed, told, scores))
        return _finished(situation, log, ranking, found, live, (len(proposed.items),))

    return at_once


def visit_and_basket(situation: Situation, weights: Rates, allowed: Flags, k: int) -> Found | None:
    """Of `next_in_visit` and `next_basket`."""
    log, basket, sessions = situation.log, foreseen(situation), situation.bundle.tables.sessions
    if log is None or basket is None:
        return None
    told, scores = ranking = Ranking.room(k)
    place = (allowed, told, scores)
    found, live, onward = _visit(
        log, sessions.onward.columns, sessions.habits, basket.columns, weights, place
    )
    return _finished(situation, log, ranking, found, live, (onward, len(basket.items)))


def cart(situation: Situation, weights: Rates, allowed: Flags, k: int) -> Found | None:
    """Of `carts.ranked`."""
    tables, log, basket = situation.bundle.tables, situation.log, foreseen(situation)
    if log is None or basket is None or not len(tables.cart_trees):
        return None
    known = companions(tables), tables.next_basket.figures, tables.cart_trees.columns
    size = len(situation.named_cart) if situation.request.cart else LIVE
    told, scores = ranking = Ranking.room(k)
    asked, place = (size, situation.today), (allowed, told, scores)
    found, live, n = _cart(log, asked, known, tables.purchases.orders, basket.columns, weights, place)
    return _finished(situation, log, ranking, found, live, (n,))


def _finished(
    situation: Situation, log: Log, ranking: Ranking, found: int, live: Numbers, proposed: Sequence[int]
) -> Found | None:
    """What is found, and told to the situation: no part of it reads the log again."""
    if live[0] == UNREADABLE:
        situation.log = None
        return None
    situation.fresh_purchases = {}  # of a log that tells of any nothing can be read
    if found == len(ranking.scores):
        return ranking, proposed
    situation.live = written(log, live)
    return None if found == LEFT else (ranking.only(slice(found)), proposed)


@compiled((LOG, PROPOSALS, RATES, PLACE))
def _row(log: Log, proposed: Proposals, weights: Rates, place: Place) -> tuple[int, Numbers]:
    """Returns how many are found, and how many rows `resolve_log` wrote."""
    (allowed, told, totals), rows = place, log[5]
    live = resolve_log(log)
    if live[0] == UNREADABLE:
        return LEFT, live
    return rank((proposed,), weights, allowed, rows[HIDDEN : HIDDEN + live[2]], told, totals), live


@compiled((LOG, TABLE, FLOATS, PROPOSALS, RATES, PLACE))
def _visit(
    log: Log, table: Table, habits: Floats, basket: Proposals, weights: Rates, place: Place
) -> tuple[int, Numbers, int]:
    """Returns as `_row`, and how many the visit leads on to."""
    (allowed, told, totals), rows = place, log[5]
    live = resolve_log(log)
    viewed, _, hidden = live
    if viewed == UNREADABLE:
        return LEFT, live, 0
    room = viewed
    for look in rows[:viewed]:
        room += table[0][look + 1] - table[0][look]
    items, scores = np.empty(room, np.int32), np.empty(room, np.float32)
    speakers, counts = np.empty(room, np.int32), np.empty(room, np.int32)
    n = lead_on(table, rows[:viewed], habits, FAINT, (items, scores, speakers, counts))
    if viewed and not n:
        return LEFT, live, 0
    onward = (items[:n], scores[:n], speakers[:n], counts[:n])
    hide = rows[HIDDEN : HIDDEN + hidden]
    return rank((onward, basket), weights, allowed, hide, told, totals), live, n


@compiled((LOG, tuple_of(types.int64, types.int64), KNOWN, INTS, PROPOSALS, RATES, PLACE))
def _cart(
    log: Log,
    asked: tuple[int, int],
    known: Known,
    orders: Ints,
    basket: Proposals,
    weights: Rates,
    place: Place,
) -> tuple[int, Numbers, int]:
    """asked: the size of the cart that the question names, or LIVE, and the day; orders: `Purchases.orders`.
    Returns as `_row`, and of how many these are the best."""
    goes_with, figures, (splits, thresholds, masks, leaves) = known
    (_, _, (offsets, bought, last_day), (customer, _, _, _), _, rows), (size, today) = log, asked
    live = resolve_log(log)
    viewed, carted, hidden = live
    if viewed == UNREADABLE or customer < 0:
        return LEFT, live, 0
    own = slice(offsets[customer], offsets[customer + 1])
    past, hide = (bought[own], orders[own], last_day[own]), rows[HIDDEN : HIDDEN + hidden]
    inside = rows[HIDDEN : HIDDEN + size] if size >= 0 else rows[MOST_SEEN : MOST_SEEN + carted]
    best, features = np.empty((3, DEEPEST), np.int32), np.empty((DEEPEST, FEATURES), np.float32)
    n = head(goes_with, inside, past, hide, best, features) if len(past[0]) else 0
    if not n:
        return LEFT, live, 0
    habits(best[0, :n], basket, past, today, figures, features)
    scores = np.empty(n, np.float32)
    start_from_share(features[:n], scores)
    add_leaves(splits, thresholds, masks, leaves, features[:n], scores)
    to_chances(scores, np.array([0, n]))
    proposed = (best[0, :n], scores, best[1, :n], best[2, :n])
    return rank((proposed,), weights, place[0], hide, place[1], place[2]), live, n
