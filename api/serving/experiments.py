"""Which recommender answers a visitor: the published one, an experiment arm's, or best sellers (holdout)."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from api.schemas.recommendations import ExperimentAnswer
from api.web.replies import encode
from features.outgoing.impressions import ExperimentAssignment
from recommender.experiments.assignment import NO_TRIAL, SurfaceAssignment, Trials
from recommender.experiments.holdout import popular_for_holdout
from recommender.experiments.plan import Arm, Experiment
from recommender.model import versions
from recommender.model.availability import Availability
from recommender.model.bundle_files import BadBundle
from recommender.recommend import Recommender

logger = logging.getLogger("perennial.trials")
UNAVAILABLE = ("experiment_unavailable",)
Changes = Mapping[str, Mapping[str, Any]]


class Treatment(NamedTuple):
    """Which recommender answers a visitor, and why. experiment_json: of a `schemas.ExperimentAnswer`."""

    recommender: Recommender | None
    assignment: ExperimentAssignment = NO_TRIAL.treated
    experiment_json: str = "null"
    degraded_reasons: Sequence[str] = ()
    arm: Arm | None = None


@dataclass
class Variants:
    """The recommenders of arms, made at first use, and again when the published one is replaced."""

    models: Path
    trials: Trials
    _others: dict[str, Recommender] = field(default_factory=dict)  # by version, for arms of models
    _base: Recommender | None = None
    _treatments: dict[ExperimentAssignment, Treatment] = field(default_factory=dict)

    def of(self, base: Recommender | None, visitor: str | None, surface: str, now: float) -> Treatment:
        """base: the published recommender; now: epoch s."""
        trial = self.trials.of(visitor, surface, now)
        if base is None:
            return Treatment(None)
        if base is not self._base:
            self._base, self._treatments = base, {}
        cached = self._treatments.get(trial.treated)
        if cached is None:
            cached = self._treatments[trial.treated] = self._treatment(base, trial)
        return cached

    async def plan(self, experiments: Sequence[Experiment], changes: Changes) -> None:
        """Take over other experiments, and load the models that their arms name."""
        wanted = {arm.model for each in experiments for arm in each.arms if arm.model is not None}
        others = {name: kept for name, kept in self._others.items() if name in wanted}
        for version in wanted - others.keys():
            try:
                others[version] = await asyncio.to_thread(self._load, version, changes)
            except (BadBundle, OSError, ValueError) as error:
                logger.warning("an arm's model does not load", extra={"reason": str(error)})
        self._others, self._treatments = others, {}
        self.trials = replace(self.trials, experiments=experiments)

    def restock(self, changes: Changes) -> None:
        """Apply live changes of the catalogue to the other models, too."""
        self._others = {
            name: replace(other, availability=other.availability.changed(other.bundle.tables, changes))
            for name, other in self._others.items()
        }

    def _load(self, version: str, changes: Changes) -> Recommender:
        bundle = versions.load(self.models, version)
        return Recommender(bundle, Availability.of(bundle.tables).changed(bundle.tables, changes))

    def _treatment(self, base: Recommender, trial: SurfaceAssignment) -> Treatment:
        assignment, arm = trial
        if assignment.held_out:
            return Treatment(popular_for_holdout(base), assignment, _experiment_json(assignment, None))
        if arm is None:
            return Treatment(base, assignment)
        recommender = self._of_arm(base, arm)
        if recommender is None:  # the answer is not the arm's, and is not counted as one
            return Treatment(
                base, ExperimentAssignment(holdout=assignment.holdout), degraded_reasons=UNAVAILABLE
            )
        return Treatment(recommender, assignment, _experiment_json(assignment, arm), (), arm)

    def _of_arm(self, base: Recommender, arm: Arm) -> Recommender | None:
        """None: its model is not there."""
        chosen = base if arm.model in (None, base.bundle.manifest.version) else self._others.get(arm.model)
        if chosen is None or (chosen is base and arm.rules is None):
            return chosen
        rules = base.rules if arm.rules is None else arm.rules
        return replace(chosen, rules=rules, observe=base.observe, tiers=base.tiers)


def _experiment_json(assignment: ExperimentAssignment, arm: Arm | None) -> str:
    widget = arm.widget if arm else None
    return encode(ExperimentAnswer(str(assignment.experiment), str(assignment.arm), widget)).decode()
