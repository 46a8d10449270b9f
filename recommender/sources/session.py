"""What this visit leads to next: what other visits looked at around the same products."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import types

from recommender.arrays.tables import Sessions
from recommender.context.request import Situation
from recommender.kernels.ranking import PROPOSALS_OUT, TABLE, Floats, Ints, Proposals, Table, array, compiled
from recommender.sources.candidates import Candidates, room
from recommender.sources.neighbours import browsing

FAINT = 0.02  # a look that counts less than this is not heard


def next_in_visit(situation: Situation) -> Candidates:
    """Where this visit goes next; where none has been before, neighbours of what was looked at."""
    onward = step(situation.bundle.tables.sessions, situation.viewed)
    return onward if len(onward.items) else browsing(situation)


def step(sessions: Sessions, viewed: Sequence[int] | Ints) -> Candidates:
    """Candidates after `viewed`: distinct items, newest first; what is in view now is never among them.

    score(i) = sum_age fade^age onward(viewed[age], i), and for a return `back` or `again` of their sum.
    """
    if not len(viewed):
        return Candidates.none()
    onward, rows = sessions.onward, np.asarray(viewed, np.int32)
    found = room(len(viewed) * (onward.widest + 1))
    return Candidates.written(found, lead_on(onward.columns, rows, sessions.habits, FAINT, found))


@compiled((TABLE, array(types.int32), array(types.float32), types.float64, PROPOSALS_OUT))
def lead_on(
    table: Table,
    viewed: Ints,
    habits: Floats,
    faint: float,
    out: Proposals,
) -> int:
    """Writes what follows on the looks, and the pull of what was looked at before; see `step`."""
    (offsets, items, weights, together), (found, scores, speakers, counts) = table, out
    (fade, back, again), n, loudness, sum_of_all = habits, 0, np.float32(1), 0.0
    for age in range(len(viewed)):
        if age and loudness <= faint:
            break
        for place in range(offsets[viewed[age]], offsets[viewed[age] + 1]):
            if items[place] != viewed[0]:
                found[n], counts[n], speakers[n] = items[place], together[place], viewed[age]
                scores[n] = weights[place] * loudness
                sum_of_all += scores[n]
                n += 1
        loudness *= fade
    for age in range(1, len(viewed)):
        pull = np.float32((back if age == 1 else again) * sum_of_all)
        if pull > 0:
            found[n], scores[n], speakers[n], counts[n] = viewed[age], pull, viewed[age], 0
            n += 1
    return n
