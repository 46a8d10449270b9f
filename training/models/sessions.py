"""Visits -> which products are viewed around each product, and how shoppers move between them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array, identity

from features.time_units import DAY_S
from recommender.arrays.tables import Neighbours, Sessions
from recommender.kernels.trees import Trees
from recommender.kernels.visit import KindColumns
from recommender.sources.candidates import Candidates
from recommender.sources.session import step
from training.data.history import History, Visits
from training.data.neighbours import neighbour_lists, only, row_of_each, stacked, strongest
from training.measure.metrics import reciprocal_rank
from training.models.popularity import trend_of
from training.models.session_ranking import Look, fit_visit_trees, lists_of_looks
from training.settings import TrainingSettings

LONGEST_VISIT = 20  # views further apart make no pair
DISTANCE_SCALE, FLOOR = 0.7, 0.03  # weight of a pair d views apart: exp(-d / DISTANCE_SCALE) + FLOOR
AGE_DAYS = 100.0  # age at which a visit weighs 1/e
SECOND_STEP = 0.05  # weight of paths of two steps; they fill the rows of rarely viewed products
HUB_PARTNERS = 30  # partners of the middle product that such a path may lead to
FIRST_STEP_FACTOR = 4  # direct partners kept for each product, in list lengths, before the second step
BLOCK_ROWS = 5_000
HELD_OUT_SHARE = 0.1  # of the visits, the newest: the habits are chosen on them, and the trees learn there
JUDGED_SHARE = 0.035  # of the visits, the newest: whether trees rank better is judged on them
TUNING_CASES, LESSONS = 1_000, 8_000  # views of these visits, at most: for the habits; for and against trees
FEWEST_CASES = 200
DEFAULT_HABITS = 0.5, 0.3, 0.03
FADES, BACKS, AGAINS = (0.35, 0.5, 0.65), (0.0, 0.3, 0.8), (0.0, 0.03)


def fit_sessions(history: History, kinds: KindColumns, settings: TrainingSettings) -> tuple[Sessions, Trees]:
    """The model of all visits, and the trees that order its candidates.

    The habits are those that rank best in the newest tenth of the visits, when the model is fitted on the
    others. The trees learn from this tenth, too, and are judged on its latest third.
    """
    visits, n_items = history.visits.where(slice(-settings.session_looks, None)), len(history.product_ids)
    kept, habits, trees = settings.sessions_kept, np.array(DEFAULT_HABITS, np.float32), Trees.none()
    part, seed = parts_in_time(visits, (1 - HELD_OUT_SHARE, 1 - JUDGED_SHARE)), settings.seed
    looks = list(tuning_looks(visits.where(part > 0), seed))
    if len(looks) >= FEWEST_CASES:
        lessons, judged = (list(tuning_looks(visits.where(part == each), seed, LESSONS)) for each in (1, 2))
        viewed_items = np.unique(np.concatenate([look.viewed for look in (*looks, *lessons, *judged)]))
        early = sessions_of(visits.where(part == 0), n_items, kept, habits, viewed_items)
        habits = best_habits(early, looks)
        early = replace(early, habits=habits)
        learning, judging = (lists_of_looks(some, early, kinds) for some in (lessons, judged))
        trees = fit_visit_trees(learning, judging, seed)
    return sessions_of(visits, n_items, kept, habits), trees


def parts_in_time(visits: Visits, shares: Sequence[float]) -> NDArray[np.intp]:
    """(n_views): how many of these shares of all visits began before the visit of each view, ascending."""
    if not len(visits):
        return np.empty(0, np.intp)
    _, first, visit = np.unique(visits.session, return_index=True, return_inverse=True)
    began = visits.timestamp[first]
    cuts = np.sort(began)[[int(len(began) * share) for share in shares]]
    return np.searchsorted(cuts, began[visit], side="right")


def sessions_of(
    visits: Visits,
    n_items: int,
    kept: int,
    habits: NDArray[np.float32],
    wanted: NDArray[np.integer] | slice = slice(None),
) -> Sessions:
    """The model of these visits. wanted: the only items whose rows lead anywhere."""
    session, item, timestamp = distinct(visits)
    n_visits = max(int(np.count_nonzero(np.bincount(session))), 1)
    views = np.bincount(item, minlength=n_items)
    popularity = np.asarray(views / n_visits, np.float32)
    onward = fit_transitions(visits, n_items, kept, wanted)
    return Sessions(onward, habits, popularity, trend_of(item, timestamp, views))


def fit_transitions(
    visits: Visits, n_items: int, kept: int, wanted: NDArray[np.integer] | slice = slice(None)
) -> Neighbours:
    """For each product, or the `wanted` alone, the `kept` likeliest others of a visit.

    w(x, i) = (1 + idf_i) sum_visits exp(-age / AGE_DAYS) (exp(-d / DISTANCE_SCALE) + FLOOR), the two being d
    views apart: the kernels of VSTAN (Garg et al. 2019), summed beforehand. A row is divided by the square
    root of its sum, so that products in few visits weigh nearly as much as those in many.
    """
    session, item, timestamp = distinct(visits)
    near, both = pairs(session, item, timestamp, n_items)
    near = csr_matrix(near @ diags_array(1 + inverse_document_frequency(session, item, n_items)))
    mass = np.maximum(np.asarray(near.sum(axis=1)).ravel(), 1e-12)
    direct = strongest(csr_matrix(diags_array(1.0 / mass) @ near), FIRST_STEP_FACTOR * kept)
    rows = two_steps(direct, kept, wanted)
    rows.data *= np.sqrt(mass)[row_of_each(rows)]
    return neighbour_lists(rows, counts_at(both, rows))


def two_steps(direct: csr_matrix, kept: int, wanted: NDArray[np.integer] | slice) -> csr_matrix:
    """direct + SECOND_STEP direct @ direct, without the diagonal: the `kept` largest of each wanted row, in
    order; other rows are empty."""
    both_steps = csr_matrix(
        identity(direct.shape[0], np.float32) + SECOND_STEP * strongest(direct, HUB_PARTNERS)
    )
    is_wanted, blocks = np.zeros(direct.shape[0], np.bool_), []
    is_wanted[wanted] = True
    wanted_rows = only(direct, is_wanted[row_of_each(direct)])
    for start in range(0, direct.shape[0], BLOCK_ROWS):
        two_step = csr_matrix(wanted_rows[start : start + BLOCK_ROWS] @ both_steps)
        two_step.data[two_step.indices == row_of_each(two_step) + start] = 0.0
        blocks.append(strongest(two_step, kept))
    return stacked(blocks, direct.shape[0])


def distinct(visits: Visits) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """session, item and time of each product's last view in a visit, visit by visit, oldest view first."""
    order = np.lexsort((visits.item, visits.session))  # stable: views of one product stay in order of time
    session, item = visits.session[order], visits.item[order]
    ends = np.append((session[1:] != session[:-1]) | (item[1:] != item[:-1]), True)[: len(order)]
    last = order[ends]
    last = last[np.lexsort((last, visits.session[last]))]
    return visits.session[last], visits.item[last], visits.timestamp[last]


def pairs(
    session: NDArray[np.int32], item: NDArray[np.int32], timestamp: NDArray[np.int64], n_items: int
) -> tuple[csr_matrix, csr_matrix]:
    """(weights, visits with both) of products at most LONGEST_VISIT views apart; both symmetric."""
    recency = np.exp((timestamp - timestamp.max(initial=0)) / (AGE_DAYS * DAY_S)).astype(np.float32)
    positions, weights = [np.empty((2, 0), np.int64)], [np.empty(0, np.float32)]
    for apart in range(1, min(LONGEST_VISIT, len(item))):
        first = np.flatnonzero(session[apart:] == session[:-apart])
        positions.append(np.stack([first, first + apart]))
        weights.append(recency[first] * np.float32(np.exp(-apart / DISTANCE_SCALE) + FLOOR))
    cells = item[np.concatenate(positions, axis=1)]
    weight, shape = np.concatenate(weights), (n_items, n_items)
    one_way = csr_matrix((weight, (cells[0], cells[1])), shape)
    counts = csr_matrix((np.ones(len(weight), np.int32), (cells[0], cells[1])), shape)
    return csr_matrix(one_way + one_way.T), csr_matrix(counts + counts.T)


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
    position = np.minimum(np.searchsorted(present, wanted), len(present) - 1)
    return np.where(present[position] == wanted, counts.data[position], 0).astype(np.int32)


def tuning_looks(visits: Visits, seed: int, at_most: int = TUNING_CASES) -> Iterator[Look]:
    """Views of another product than the one before; at most so many, drawn at random."""
    order = np.argsort(visits.session, kind="stable")
    session, item = visits.session[order], visits.item[order]
    moves = np.flatnonzero((session[1:] == session[:-1]) & (item[1:] != item[:-1])) + 1
    if len(moves) > at_most:
        moves = np.sort(np.random.default_rng(seed).choice(moves, at_most, replace=False))
    first = np.searchsorted(session, session[moves])
    for start, position in zip(np.maximum(first, moves - LONGEST_VISIT), moves, strict=True):
        viewed = list(dict.fromkeys(item[start:position][::-1].tolist()))
        yield Look(viewed, int(item[position]))


def best_habits(sessions: Sessions, looks: Sequence[Look]) -> NDArray[np.float32]:
    """The habits with the highest mean reciprocal rank."""
    choices = [np.array(choice, np.float32) for choice in product(FADES, BACKS, AGAINS)]
    return max(choices, key=lambda habits: mean_reciprocal_rank(replace(sessions, habits=habits), looks))


def mean_reciprocal_rank(sessions: Sessions, looks: Sequence[Look]) -> float:
    """Mean reciprocal rank, within 20, of the products viewed."""
    ranks = [np.array([rank_of(look.item, step(sessions, look.viewed))]) for look in looks]
    return float(np.mean([reciprocal_rank(rank, 20) for rank in ranks]))


def rank_of(item: int, candidates: Candidates) -> float:
    """Rank of the item by the sum of its scores, from 1 on; inf where it is no candidate."""
    items, row = np.unique(candidates.items, return_inverse=True)
    scores = np.bincount(row, candidates.scores, len(items))
    own = scores[items == item]
    return 1.0 + int((scores > own[0]).sum()) if len(own) else np.inf
