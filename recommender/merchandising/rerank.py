"""A ranking as the merchant's rules want it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recommender.merchandising.compiled_rules import NO_RULES, Limit, Plan
from recommender.sources.candidates import BlendedRanking

LOOK_AHEAD = 4  # diversity prefers the first this many times k; what ranks lower has too little to do with it

Places = NDArray[np.int64]


def arrange(ranking: BlendedRanking, plan: Plan, k: int, taken: Sequence[int]) -> BlendedRanking:
    """The first k of a ranking under the rules; `taken` are the items that the answer has already."""
    if plan is NO_RULES:
        return ranking if len(ranking.scores) <= k else ranking.only(slice(k))
    scores, places, peak = ranking.scores, np.arange(len(ranking.scores)), 1.0
    if plan.factors is not None and len(places):
        scores = scores * plan.factors[ranking.items]
        places = (-scores).argsort(kind="stable")
        peak = max(1.0, scores.item(places[0]))
    if plan.turn is not None:
        pool = min(len(places), k * plan.turns)
        places = np.concatenate([places[_stripes(pool, plan.turns, plan.turn)], places[pool:]])
    places = _limited(places, ranking.items, plan, k, taken) if plan.caps or plan.runs else places[:k]
    arranged = ranking.only(places)
    return arranged._replace(scores=scores[places] / peak)


@lru_cache(maxsize=1_000)
def _stripes(pool: int, turns: int, turn: int) -> Places:
    """Ranks r, r + turns, r + 2 turns ... first; tomorrow the same from r + 1.

    So the first k of `turns` days share no product, and each day has one of the best.
    """
    return np.concatenate([np.arange((turn + later) % turns, pool, turns) for later in range(turns)])


def _limited(places: Places, items: NDArray[np.int32], plan: Plan, k: int, taken: Sequence[int]) -> Places:
    """The first k places that caps allow, each the first that is not one too many in a row."""
    near = places[: LOOK_AHEAD * k]
    chosen = _walk(items[near], plan, k, taken)
    if len(chosen) < k and len(near) < len(places):
        near, chosen = places, _walk(items[places], plan, k, taken)
    return near[chosen]


def _walk(items: NDArray[np.int32], plan: Plan, k: int, taken: Sequence[int]) -> list[int]:
    caps = [_tally(limit, items, taken, window=None) for limit in plan.caps]
    runs = [_tally(limit, items, taken, window=limit.most) for limit in plan.runs]
    waiting, chosen, both = list(range(len(items))), list[int](), caps + runs
    while waiting and len(chosen) < k:
        place = _first_free(waiting, runs)
        waiting.remove(place)
        if not _is_full(caps, place):
            chosen.append(place)
            for tally in both:
                tally.seen.append(tally.groups[place])
    return chosen


class _Tally(NamedTuple):
    """A limit and what counts against it. groups: by place; seen: of the answer so far, or its last few."""

    groups: list[int]
    seen: deque[int]
    most: int


def _tally(limit: Limit, items: NDArray[np.int32], taken: Sequence[int], window: int | None) -> _Tally:
    seen = deque([int(limit.groups[item]) for item in taken], window)
    return _Tally(limit.groups[items].tolist(), seen, limit.most)


def _first_free(waiting: Sequence[int], runs: Sequence[_Tally]) -> int:
    for place in waiting:
        if not _is_full(runs, place):
            return place
    return waiting[0]


def _is_full(tallies: Sequence[_Tally], place: int) -> bool:
    for groups, seen, most in tallies:
        group = groups[place]
        if group >= 0 and seen.count(group) >= most:
            return True
    return False
