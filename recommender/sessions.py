"""What this visit leads to next: what other visits looked at around the same products."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recommender.candidates import Candidates, concatenate, neighbours_of
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
    fade, back, again = sessions.habits.tolist()
    heard = [fade**age for age in range(len(viewed)) if age == 0 or fade**age > FAINT]
    found = neighbours_of(sessions.onward, viewed[: len(heard)], heard)
    onward = found.where(found.items != viewed[0])
    if len(viewed) == 1:
        return onward
    pull = np.full(len(viewed) - 1, again, np.float32)
    pull[:1] = back
    seen = np.array(viewed[1:], np.int32)
    returns = Candidates(seen, pull * onward.scores.sum(), seen, np.zeros(len(seen), np.int32))
    return concatenate([onward, returns.where(returns.scores > 0)])
