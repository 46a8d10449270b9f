"""What a visit looks at next: what other visits looked at around the same products."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from recommender.arrays.dtypes import Float32s, Int32s
from recommender.arrays.tables import Sessions
from recommender.context.request import Situation
from recommender.kernels.compiled import INT32S, compiled
from recommender.kernels.ranking import CANDIDATE_COLUMNS_OUT, CandidateColumns
from recommender.kernels.trees import add_leaves, to_chances
from recommender.kernels.visit import (
    KIND_COLUMNS,
    VISIT_COLUMNS,
    VISIT_DEPTH,
    VISIT_FEATURES,
    KindColumns,
    VisitColumns,
    lead_on,
    visit_head,
)
from recommender.sources.candidates import Candidates, room
from recommender.sources.cart import TREE_COLUMNS, TreeColumns, start_from_share
from recommender.sources.neighbours import browsing


class VisitHead(NamedTuple):
    """The items of the largest sums, (n) int32, and their features, (n, VISIT_FEATURES) float32.

    Of its sum: over the largest, sum, the largest vote's share of it. Of the visit: share of its views that
    vote for the item, how many views there are, how many lie between the item's own view and now (NO_ROW: not
    viewed). Around the latest view: the item's weight over the largest, its rank, visits with both. Of the
    item: popularity and trend; popularity of the latest view. How alike: of the latest view's category, share
    of the views of its category, of the latest view's brand, price over the latest view's.
    """

    items: Int32s
    features: Float32s


def next_in_visit(situation: Situation) -> Candidates:
    """What this visit looks at next; where no other visit tells, neighbours of what was viewed."""
    onward = ranked(situation)
    return onward if len(onward.items) else browsing(situation)


def step(sessions: Sessions, viewed: Sequence[int] | Int32s) -> Candidates:
    """Candidates after `viewed`: distinct items, newest first; what is in view now is never among them.

    score(i) = sum_age fade^age onward(viewed[age], i), and for a return `back` or `again` of their sum.
    """
    if not len(viewed):
        return Candidates.none()
    out = _room_for(sessions, viewed)
    return Candidates.written(out, lead_on(sessions.columns, np.asarray(viewed, np.int32), out))


def head_of_visit(sessions: Sessions, kinds: KindColumns, viewed: Sequence[int] | Int32s) -> VisitHead:
    """Of what may come after `viewed`, which is not empty."""
    out, features = _room_for(sessions, viewed), np.empty((VISIT_DEPTH, VISIT_FEATURES), np.float32)
    n, _ = visit_head(sessions.columns, kinds, np.asarray(viewed, np.int32), out, features)
    return VisitHead(out[0][:n], features[:n])


def ranked(situation: Situation) -> Candidates:
    """As `step`, the best of it ordered by trees over features of the visit and the products, if there are
    trees."""
    tables, viewed = situation.bundle.tables, situation.viewed
    if not (len(tables.visit_trees) and len(viewed)):
        return step(tables.sessions, viewed)
    out, trees = _room_for(tables.sessions, viewed), tables.visit_trees.columns
    n = order_visit(tables.sessions.columns, tables.product.kinds, trees, viewed, out)
    return Candidates.written(out, n)


@compiled((VISIT_COLUMNS, KIND_COLUMNS, TREE_COLUMNS, INT32S, CANDIDATE_COLUMNS_OUT))
def order_visit(
    visits: VisitColumns, kinds: KindColumns, trees: TreeColumns, viewed: Int32s, out: CandidateColumns
) -> int:
    """Writes the items of `head_of_visit` with their chances by the trees, then the others, each with its
    share of the least chance; returns how many."""
    features, scores = np.empty((VISIT_DEPTH, VISIT_FEATURES), np.float32), out[1]
    n_head, n = visit_head(visits, kinds, viewed, out, features)
    if n:
        (splits, thresholds, masks, leaves), least_sum = trees, scores[n_head - 1]
        start_from_share(features[:n_head], scores[:n_head])
        add_leaves(splits, thresholds, masks, leaves, features[:n_head], scores[:n_head])
        to_chances(scores[:n_head], np.array([0, n_head]))
        scores[n_head:n] *= scores[:n_head].min() / least_sum
    return n


def _room_for(sessions: Sessions, viewed: Sequence[int] | Int32s) -> CandidateColumns:
    return room(len(viewed) * (sessions.onward.widest + 1))
