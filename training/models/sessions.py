"""Visits -> what is looked at around each product, and how people move between products."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array, identity

from features.time_units import DAY_S
from recommender.arrays.tables import Neighbours, Sessions
from recommender.sources.candidates import Candidates
from recommender.sources.session import step
from training.data.history import History, Visits
from training.data.neighbours import only, row_of_each, stacked, strongest
from training.settings import TrainingSettings

LONGEST_VISIT = 20  # looks further apart than this make no pair
NEARNESS, FAR = 0.7, 0.03  # weight of a pair that lies d looks apart: exp(-d / NEARNESS) + FAR
AGE_DAYS = 100.0  # a visit fades to 1/e in so long
SECOND_STEP = 0.05  # a path of two steps against a direct one: fills the rows of rarely seen products
HUB_PARTNERS = 30  # ... over so many partners of the product between
WIDER = 4  # a row this many times as long, before the second step
BLOCK_ROWS = 5_000
HELD_OUT_SHARE = 0.1  # of the visits, the newest: the habits are chosen on them
TUNING_CASES = 1_000
ENOUGH_CASES = 200
USUAL_HABITS = 0.5, 0.3, 0.03
FADES, BACKS, AGAINS = (0.35, 0.5, 0.65), (0.0, 0.3, 0.8), (0.0, 0.03)


class Look(NamedTuple):
    """A place in a visit: the products before it, newest first and distinct, and the one that came."""

    viewed: list[int]
    then: int


def fit_sessions(history: History, settings: TrainingSettings) -> Sessions:
    """The model of all visits, with the habits that answer its newest tenth best when fitted on the rest."""
    visits, n_items = history.visits.where(slice(-settings.session_looks, None)), len(history.product_ids)
    kept, habits = settings.sessions_kept, np.array(USUAL_HABITS, np.float32)
    starts = np.sort(visits.timestamp[np.unique(visits.session, return_index=True)[1]])
    if len(starts):
        cut = starts[int(len(starts) * (1 - HELD_OUT_SHARE))]
        begun = np.zeros(history.n_sessions, np.bool_)
        begun[visits.session[visits.timestamp < cut]] = True
        late = ~begun[visits.session]
        looks = list(looks_of(visits.where(late), settings.seed))
        if len(looks) >= ENOUGH_CASES:
            asked = np.unique(np.concatenate([look.viewed for look in looks]))
            early = Sessions(onward(visits.where(~late), n_items, kept, asked), habits)
            habits = best_habits(early, looks)
    return Sessions(onward(visits, n_items, kept), habits)


def onward(
    visits: Visits, n_items: int, kept: int, wanted: NDArray[np.integer] | slice = slice(None)
) -> Neighbours:
    """For each product, or the `wanted` alone, the `kept` likeliest others of a visit, comparable between
    products.

    w(x, i) = (1 + idf_i) sum_visits exp(-age / AGE_DAYS) (exp(-d / NEARNESS) + FAR), the two being d looks
    apart: the kernels of VSTAN (Garg et al. 2019), summed beforehand. A row is divided by the square root
    of its sum, so that a product in few visits speaks nearly as loud as one in many.
    """
    session, item, timestamp = distinct(visits)
    near, both = pairs(session, item, timestamp, n_items)
    near = csr_matrix(near @ diags_array(1 + inverse_document_frequency(session, item, n_items)))
    mass = np.maximum(np.asarray(near.sum(axis=1)).ravel(), 1e-12)
    direct = strongest(csr_matrix(diags_array(1.0 / mass) @ near), WIDER * kept)
    rows = two_steps(direct, kept, wanted)
    return Neighbours(
        offsets=rows.indptr.astype(np.int64),
        items=rows.indices.astype(np.int32),
        weights=(rows.data * np.sqrt(mass)[row_of_each(rows)]).astype(np.float32),
        together=counts_at(both, rows),
    )


def two_steps(direct: csr_matrix, kept: int, wanted: NDArray[np.integer] | slice) -> csr_matrix:
    """direct + SECOND_STEP direct @ direct, without the diagonal; of each wanted row the `kept` largest in
    order, of others nothing."""
    further = csr_matrix(
        identity(direct.shape[0], np.float32) + SECOND_STEP * strongest(direct, HUB_PARTNERS)
    )
    asked, blocks = np.zeros(direct.shape[0], np.bool_), []
    asked[wanted] = True
    begun = only(direct, asked[row_of_each(direct)])
    for start in range(0, direct.shape[0], BLOCK_ROWS):
        reached = csr_matrix(begun[start : start + BLOCK_ROWS] @ further)
        reached.data[reached.indices == row_of_each(reached) + start] = 0.0
        blocks.append(strongest(reached, kept))
    return stacked(blocks, direct.shape[0])


def distinct(visits: Visits) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """session, item and time of each product's last look in a visit, visit by visit, oldest look first."""
    order = np.lexsort((visits.item, visits.session))  # stable: looks at one product stay in order of time
    session, item = visits.session[order], visits.item[order]
    ends = np.append((session[1:] != session[:-1]) | (item[1:] != item[:-1]), True)[: len(order)]
    last = order[ends]
    last = last[np.lexsort((last, visits.session[last]))]
    return visits.session[last], visits.item[last], visits.timestamp[last]


def pairs(
    session: NDArray[np.int32], item: NDArray[np.int32], timestamp: NDArray[np.int64], n_items: int
) -> tuple[csr_matrix, csr_matrix]:
    """(weights, visits with both) of products at most LONGEST_VISIT looks apart; both symmetric."""
    fresh = np.exp((timestamp - timestamp.max(initial=0)) / (AGE_DAYS * DAY_S)).astype(np.float32)
    places, weights = [np.empty((2, 0), np.int64)], [np.empty(0, np.float32)]
    for apart in range(1, min(LONGEST_VISIT, len(item))):
        same = np.flatnonzero(session[apart:] == session[:-apart])
        places.append(np.stack([same, same + apart]))
        weights.append(fresh[same] * np.float32(np.exp(-apart / NEARNESS) + FAR))
    cells = item[np.concatenate(places, axis=1)]
    weight, shape = np.concatenate(weights), (n_items, n_items)
    near = csr_matrix((weight, (cells[0], cells[1])), shape)
    both = csr_matrix((np.ones(len(weight), np.int32), (cells[0], cells[1])), shape)
    return csr_matrix(near + near.T), csr_matrix(both + both.T)


def inverse_document_frequency(
    session: NDArray[np.int32], item: NDArray[np.int32], n_items: int
) -> NDArray[np.float64]:
    """(n_items): log of visits over visits with the product."""
    visits = max(int(np.count_nonzero(np.bincount(session))), 1)
    return np.log(visits / np.clip(np.bincount(item, minlength=n_items), 1, visits))


def counts_at(counts: csr_matrix, rows: csr_matrix) -> NDArray[np.int32]:
    """The counts of the stored pairs of `rows`, in storage order."""
    counts.sort_indices()
    n_items = counts.shape[1]
    wanted = row_of_each(rows) * n_items + rows.indices
    present = row_of_each(counts) * n_items + counts.indices
    if not len(present):
        return np.zeros(len(wanted), np.int32)
    place = np.minimum(np.searchsorted(present, wanted), len(present) - 1)
    return np.where(present[place] == wanted, counts.data[place], 0).astype(np.int32)


def looks_of(visits: Visits, seed: int) -> Iterator[Look]:
    """Places in visits at which something else came next; at most TUNING_CASES, drawn by lot."""
    order = np.argsort(visits.session, kind="stable")
    session, item = visits.session[order], visits.item[order]
    moved = np.flatnonzero((session[1:] == session[:-1]) & (item[1:] != item[:-1])) + 1
    if len(moved) > TUNING_CASES:
        moved = np.sort(np.random.default_rng(seed).choice(moved, TUNING_CASES, replace=False))
    first = np.searchsorted(session, session[moved])
    for start, place in zip(np.maximum(first, moved - LONGEST_VISIT), moved, strict=True):
        viewed = list(dict.fromkeys(item[start:place][::-1].tolist()))
        yield Look(viewed, int(item[place]))


def best_habits(sessions: Sessions, looks: Sequence[Look]) -> NDArray[np.float32]:
    """The habits under which what came next ranks highest (mean reciprocal rank within 20)."""
    choices = [np.array(choice, np.float32) for choice in product(FADES, BACKS, AGAINS)]
    return max(choices, key=lambda habits: mrr(replace(sessions, habits=habits), looks))


def mrr(sessions: Sessions, looks: Sequence[Look]) -> float:
    """Mean reciprocal rank within 20 of what came next."""
    return float(np.mean([reciprocal_rank(step(sessions, look.viewed), look.then) for look in looks]))


def reciprocal_rank(found: Candidates, item: int) -> float:
    """1 / rank of the item by the sum of its scores, 0 behind the 20th."""
    items, which = np.unique(found.items, return_inverse=True)
    scores = np.bincount(which, found.scores, len(items))
    place = np.searchsorted(items, item)
    if place == len(items) or items[place] != item:
        return 0.0
    rank = 1 + int((scores > scores[place]).sum())
    return 1.0 / rank if rank <= 20 else 0.0
