"""What this visit leads to next: what other visits looked at around the same products."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recommender import kernels
from recommender.candidates import Candidates
from recommender.request import Situation
from recommender.sources import browsing
from recommender.tables import Sessions

FAINT = 0.02  # a look that counts less than this is not heard


def next_in_visit(situation: Situation) -> Candidates:
    """Where this visit goes next; where none has been before, neighbours of what was looked at."""
    onward = step(situation.bundle.tables.sessions, situation.viewed)
    return onward if len(onward.items) else browsing(situation)


def step(sessions: Sessions, viewed: Sequence[int]) -> Candidates:
    """Candidates after `viewed`: distinct items, newest first; what is in view now is never among them.

    score(i) = sum_age fade^age onward(viewed[age], i), and for a return `back` or `again` of their sum.
    """
    if not viewed:
        return Candidates.none()
    found = Candidates.room(len(viewed) * (sessions.onward.widest + 1))
    return found.first(
        kernels.onward(sessions.onward.columns, np.array(viewed), sessions.habits, FAINT, found.columns)
    )
