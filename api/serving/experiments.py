"""Which recommender answers a visitor: the one that serves, that of an experiment's arm, or none of ours."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from api.schemas.recommendations import ExperimentAnswer
from api.web.replies import encode
from features.outgoing.impressions import ExperimentAssignment, ServedRecord
from recommender.experiments.assignment import NO_TRIAL, Trial, Trials
from recommender.experiments.holdout import popular_for_holdout
from recommender.experiments.plan import Arm, Experiment
from recommender.model import versions
from recommender.model.availability import Availability
from recommender.model.bundle_files import BadBundle
from recommender.recommend import Pick, Recommender

log = logging.getLogger("perennial.trials")
UNAVAILABLE = ("experiment_unavailable",)
Changes = Mapping[str, Mapping[str, Any]]


class Treatment(NamedTuple):
    """Who answers, what is noted of it and told (a `schemas.ExperimentAnswer`), and what is missing."""

    recommender: Recommender | None
    treated: ExperimentAssignment = NO_TRIAL.treated
    told: str = "null"
    missing: Sequence[str] = ()
    arm: Arm | None = None


@dataclass
class Variants:
    """The recommenders of arms, made when first asked for and anew when the one that serves is replaced."""

    models: Path
    trials: Trials
    _others: dict[str, Recommender] = field(default_factory=dict)  # by version, for arms of models
    _base: Recommender | None = None
    _made: dict[ExperimentAssignment, Treatment] = field(default_factory=dict)

    def of(self, base: Recommender | None, visitor: str | None, surface: str, now: float) -> Treatment:
        """base: the recommender that serves. now: epoch s."""
        trial = self.trials.of(visitor, surface, now)
        if base is None:
            return Treatment(None)
        if base is not self._base:
            self._base, self._made = base, {}
        made = self._made.get(trial.treated)
        if made is None:
            made = self._made[trial.treated] = self._treatment(base, trial)
        return made

    async def plan(self, experiments: Sequence[Experiment], changes: Changes) -> None:
        """Take over other experiments, and load the models that their arms name."""
        wanted = {arm.model for each in experiments for arm in each.arms if arm.model is not None}
        others = {name: kept for name, kept in self._others.items() if name in wanted}
        for version in wanted - others.keys():
            try:
                others[version] = await asyncio.to_thread(self._load, version, changes)
            except (BadBundle, OSError, ValueError) as error:
                log.warning("an arm's model does not load", extra={"reason": str(error)})
        self._others, self._made = others, {}
        self.trials = replace(self.trials, experiments=experiments)

    def restock(self, changes: Changes) -> None:
        """Put what the shop has changed of its catalogue on the other models' shelves, too."""
        self._others = {
            name: replace(other, availability=other.availability.changed(other.bundle.tables, changes))
            for name, other in self._others.items()
        }

    def _load(self, version: str, changes: Changes) -> Recommender:
        bundle = versions.load(self.models, version)
        return Recommender(bundle, Availability.of(bundle.tables).changed(bundle.tables, changes))

    def _treatment(self, base: Recommender, trial: Trial) -> Treatment:
        treated, arm = trial
        if treated.held_out:
            return Treatment(popular_for_holdout(base), treated, _told(treated, None))
        if arm is None:
            return Treatment(base, treated)
        recommender = self._of_arm(base, arm)
        if recommender is None:  # not this arm's answer: it must not count as one
            return Treatment(base, ExperimentAssignment(holdout=treated.holdout), missing=UNAVAILABLE)
        return Treatment(recommender, treated, _told(treated, arm), (), arm)

    def _of_arm(self, base: Recommender, arm: Arm) -> Recommender | None:
        """None: its model is not there."""
        chosen = base if arm.model in (None, base.bundle.manifest.version) else self._others.get(arm.model)
        if chosen is None or (chosen is base and arm.rules is None):
            return chosen
        rules = base.rules if arm.rules is None else arm.rules
        return replace(chosen, rules=rules, observe=base.observe)


def _told(treated: ExperimentAssignment, arm: Arm | None) -> str:
    widget = arm.widget if arm else None
    return encode(ExperimentAnswer(str(treated.experiment), str(treated.arm), widget)).decode()


def record_of(
    treatment: Treatment,
    recommendation_id: str,
    placement: str,
    picks: Sequence[Pick],
    shown: Sequence[str],
    customer_id: str,
) -> ServedRecord:
    """Of an answer about a customer that no page asked for: picks, a decision about an offer."""
    bundle = treatment.recommender.bundle if treatment.recommender else None
    return ServedRecord(
        recommendation_id=recommendation_id,
        at=datetime.now(UTC),
        placement=placement,
        product_ids=tuple(shown),
        sources=tuple(pick.source for pick in picks),
        customer_id=customer_id,
        model_version=bundle.manifest.version if bundle else None,
        treated=treatment.treated,
    )
