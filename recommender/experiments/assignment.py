"""Who sees what in experiments: the same arm for the same visitor, everywhere and on every day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import NamedTuple

from features.outgoing.impressions import ExperimentAssignment
from recommender.arrays.hashing import uniform
from recommender.experiments.plan import HOLDOUT, Arm, Experiment

HELD_OUT = "held_out"
VISITORS_REMEMBERED = 10_000  # they ask for several widgets, page after page


class Trial(NamedTuple):
    """What a visitor gets on one surface. arm None: what the shop serves, or, held out, without us."""

    treated: ExperimentAssignment
    arm: Arm | None = None


NO_TRIAL = Trial(ExperimentAssignment())


@dataclass(frozen=True)
class Trials:
    """All experiments, and the share of visitors who are held out of everything, for good."""

    experiments: Sequence[Experiment] = ()
    holdout: float = 0.0

    def of(self, visitor: str | None, surface: str, now: float) -> Trial:
        """Nobody takes part without an id. now: epoch s."""
        if visitor is None:
            return NO_TRIAL
        if self.holdout and is_held_out(visitor, self.holdout):
            return self._held_out
        for experiment in self._shown_on.get(surface, ()):
            arm = arm_of(experiment, visitor) if experiment.runs(datetime.fromtimestamp(now, UTC)) else None
            if arm is not None:
                return self._trials[experiment.id, arm.id]
        return self._untouched

    @cached_property
    def _untouched(self) -> Trial:
        return Trial(ExperimentAssignment(holdout=self.holdout))

    @cached_property
    def _held_out(self) -> Trial:
        return Trial(ExperimentAssignment(HOLDOUT, None, HELD_OUT, self.holdout, True, self.holdout))

    @cached_property
    def _shown_on(self) -> Mapping[str, Sequence[Experiment]]:
        surfaces = {surface for experiment in self.experiments for surface in experiment.surfaces}
        return {
            surface: [experiment for experiment in self.experiments if surface in experiment.surfaces]
            for surface in surfaces
        }

    @cached_property
    def _trials(self) -> Mapping[tuple[str, str], Trial]:
        return {
            (each.id, arm.id): Trial(
                ExperimentAssignment(
                    each.id, each.edition, arm.id, arm.weight / each.weight, False, self.holdout
                ),
                arm,
            )
            for each in self.experiments
            for arm in each.arms
        }


@lru_cache(VISITORS_REMEMBERED)
def is_held_out(visitor: str, share: float) -> bool:
    """Drawn once for all time: a larger holdout keeps all who are in a smaller one."""
    return uniform("holdout", visitor) < share


def arm_of(experiment: Experiment, visitor: str) -> Arm | None:
    """None: outside its slice. An arm of weight 0 gets nobody."""
    start, end = experiment.slice
    if not start <= uniform("layer", experiment.layer or experiment.id, visitor) < end:
        return None
    place = uniform("arm", experiment.id, visitor) * experiment.weight
    for arm in experiment.arms:
        place -= arm.weight
        if place < 0:
            return arm
    return None
