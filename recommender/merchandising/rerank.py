"""Re-ranks candidates by the merchant's rules: boosts, rotation, caps, diversity."""

from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from recommender.arrays.dtypes import Int32s, Int64s
from recommender.merchandising.compiled_rules import Limit, RulePlan
from recommender.sources.candidates import BlendedRanking

LOOK_AHEAD = 32  # diversity chooses among so many of the next items, as lower ones are less relevant


def arrange(ranking: BlendedRanking, plan: RulePlan, k: int, already_chosen: Sequence[int]) -> BlendedRanking:
    """The first k of a ranking under the rules. already_chosen: items that the answer already holds."""
    return limited(promoted(ranking, plan), plan, k, already_chosen)


def promoted(ranking: BlendedRanking, plan: RulePlan) -> BlendedRanking:
    """The ranking in the order of boosts and today's rotation."""
    if plan.factors is None and plan.turn is None:
        return ranking
    scores, order, max_score = ranking.scores, np.arange(len(ranking.scores)), 1.0
    if plan.factors is not None and len(order):
        scores = scores * plan.factors[ranking.items]
        order = (-scores).argsort(kind="stable")
        max_score = max(1.0, scores.item(order[0]))
    if plan.turn is not None:
        order = order[_interleaved(len(order), plan.turns, plan.turn)]
    return ranking.only(order)._replace(scores=scores[order] / max_score)


def limited(ranking: BlendedRanking, plan: RulePlan, k: int, already_chosen: Sequence[int]) -> BlendedRanking:
    """The first k of the ranking that caps and diversity allow."""
    if plan.caps or plan.runs:
        order = np.arange(len(ranking.scores))
        return ranking.only(_limited(order, ranking.items, plan, k, already_chosen))
    return ranking if len(ranking.scores) <= k else ranking.only(slice(k))


@lru_cache(maxsize=1_000)
def _interleaved(n: int, turns: int, turn: int) -> Int64s:
    """Ranks turn, turn + turns, turn + 2 turns ... first, then those of the following turns.

    So the first k of `turns` days share no product, and each day has one of the best.
    """
    return np.concatenate([np.arange((turn + later) % turns, n, turns) for later in range(turns)])


def _limited(order: Int64s, items: Int32s, plan: RulePlan, k: int, already_chosen: Sequence[int]) -> Int64s:
    """The first k of the order that caps allow, each the best that does not make a run too long. A longer
    list begins with the shorter one."""
    return order[_choose(items[order], plan, k, already_chosen)]


def _choose(items: Int32s, plan: RulePlan, k: int, already_chosen: Sequence[int]) -> list[int]:
    caps = [_tally(limit, items, already_chosen, window=None) for limit in plan.caps]
    runs = [_tally(limit, items, already_chosen, window=limit.most) for limit in plan.runs]
    waiting, chosen, tallies = list(range(len(items))), list[int](), caps + runs
    while waiting and len(chosen) < k:
        index = _first_free(waiting, runs)
        waiting.remove(index)
        if not _is_full(caps, index):
            chosen.append(index)
            for tally in tallies:
                tally.recent.append(tally.groups[index])
    return chosen


class _Tally(NamedTuple):
    """A limit and what counts against it. groups: by index; recent: groups of the answer, or its last few."""

    groups: list[int]
    recent: deque[int]
    most: int


def _tally(limit: Limit, items: Int32s, already_chosen: Sequence[int], window: int | None) -> _Tally:
    recent = deque([int(limit.groups[item]) for item in already_chosen], window)
    return _Tally(limit.groups[items].tolist(), recent, limit.most)


def _first_free(waiting: Sequence[int], runs: Sequence[_Tally]) -> int:
    for index in waiting[:LOOK_AHEAD]:
        if not _is_full(runs, index):
            return index
    return waiting[0]


def _is_full(tallies: Sequence[_Tally], index: int) -> bool:
    for groups, recent, most in tallies:
        group = groups[index]
        if group >= 0 and recent.count(group) >= most:
            return True
    return False
