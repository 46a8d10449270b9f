"""What a visit looks at next: what other visits looked at around the same products."""

from collections.abc import Sequence

import numpy as np
from numba import types

from recommender.arrays.dtypes import Float32s, Int32s
from recommender.arrays.tables import Sessions
from recommender.context.request import Situation
from recommender.kernels.compiled import FLOAT32S, INT32S, compiled
from recommender.kernels.ranking import (
    CANDIDATE_COLUMNS_OUT,
    NEIGHBOUR_COLUMNS,
    CandidateColumns,
    NeighbourColumns,
)
from recommender.sources.candidates import Candidates, room
from recommender.sources.neighbours import browsing

LEAST_WEIGHT = 0.02  # a view that counts no more than this is left out


def next_in_visit(situation: Situation) -> Candidates:
    """What this visit looks at next; where no other visit tells, neighbours of what was viewed."""
    onward = step(situation.bundle.tables.sessions, situation.viewed)
    return onward if len(onward.items) else browsing(situation)


def step(sessions: Sessions, viewed: Sequence[int] | Int32s) -> Candidates:
    """Candidates after `viewed`: distinct items, newest first; what is in view now is never among them.

    score(i) = sum_age fade^age onward(viewed[age], i), and for a return `back` or `again` of their sum.
    """
    if not len(viewed):
        return Candidates.none()
    onward, items = sessions.onward, np.asarray(viewed, np.int32)
    out = room(len(viewed) * (onward.widest + 1))
    return Candidates.written(out, lead_on(onward.columns, items, sessions.habits, LEAST_WEIGHT, out))


@compiled((NEIGHBOUR_COLUMNS, INT32S, FLOAT32S, types.float64, CANDIDATE_COLUMNS_OUT))
def lead_on(
    onward: NeighbourColumns, viewed: Int32s, habits: Float32s, least_weight: float, out: CandidateColumns
) -> int:
    """Writes what other visits looked at next, and the earlier views; returns how many. See `step`."""
    (offsets, partners, weights, together), (items, scores, anchors, counts) = onward, out
    (fade, back, again), n, view_weight, sum_of_all = habits, 0, np.float32(1), 0.0
    for age in range(len(viewed)):
        if age and view_weight <= least_weight:
            break
        for entry in range(offsets[viewed[age]], offsets[viewed[age] + 1]):
            if partners[entry] != viewed[0]:
                items[n], counts[n], anchors[n] = partners[entry], together[entry], viewed[age]
                scores[n] = weights[entry] * view_weight
                sum_of_all += scores[n]
                n += 1
        view_weight *= fade
    for age in range(1, len(viewed)):
        score = np.float32((back if age == 1 else again) * sum_of_all)
        if score > 0:
            items[n], scores[n], anchors[n], counts[n] = viewed[age], score, viewed[age], 0
            n += 1
    return n
