"""Assignment of visitors to arms: the same arm for the same visitor, in every process and on every day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import NamedTuple

from features.outgoing.impressions import ExperimentAssignment
from recommender.arrays.hashing import uniform
from recommender.experiments.plan import HOLDOUT, Arm, Experiment

HELD_OUT_ARM = "held_out"
VISITORS_CACHED = 10_000  # a visitor requests several widgets a page


class SurfaceAssignment(NamedTuple):
    """A visitor's assignment on one surface. arm None: no experiment, or held out."""

    treated: ExperimentAssignment
    arm: Arm | None = None


NO_TRIAL = SurfaceAssignment(ExperimentAssignment())


@dataclass(frozen=True)
class Trials:
    """All experiments, and the share of visitors who are permanently held out of everything."""

    experiments: Sequence[Experiment] = ()
    holdout: float = 0.0

    def of(self, visitor: str | None, surface: str, now: float) -> SurfaceAssignment:
        """A visitor without an id takes part in nothing. now: epoch s."""
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
    def _untouched(self) -> SurfaceAssignment:
        return SurfaceAssignment(ExperimentAssignment(holdout=self.holdout))

    @cached_property
    def _held_out(self) -> SurfaceAssignment:
        return SurfaceAssignment(
            ExperimentAssignment(HOLDOUT, None, HELD_OUT_ARM, self.holdout, True, self.holdout)
        )

    @cached_property
    def _shown_on(self) -> Mapping[str, Sequence[Experiment]]:
        surfaces = {surface for experiment in self.experiments for surface in experiment.surfaces}
        return {
            surface: [experiment for experiment in self.experiments if surface in experiment.surfaces]
            for surface in surfaces
        }

    @cached_property
    def _trials(self) -> Mapping[tuple[str, str], SurfaceAssignment]:
        return {
            (each.id, arm.id): SurfaceAssignment(
                ExperimentAssignment(
                    each.id, each.plan_hash, arm.id, arm.weight / each.weight, False, self.holdout
                ),
                arm,
            )
            for each in self.experiments
            for arm in each.arms
        }


@lru_cache(VISITORS_CACHED)
def is_held_out(visitor: str, share: float) -> bool:
    """By a hash of the id alone, so that a larger holdout contains every smaller one."""
    return uniform("holdout", visitor) < share


def arm_of(experiment: Experiment, visitor: str) -> Arm | None:
    """The visitor's arm; None: outside the experiment's slice. An arm of weight 0 gets nobody."""
    start, end = experiment.slice
    if not start <= uniform("layer", experiment.layer or experiment.id, visitor) < end:
        return None
    remaining = uniform("arm", experiment.id, visitor) * experiment.weight
    for arm in experiment.arms:
        remaining -= arm.weight
        if remaining < 0:
            return arm
    return None
