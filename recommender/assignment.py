"""Who sees what in experiments: the same arm for the same visitor, everywhere and on every day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import combinations
from typing import Annotated, Any, NamedTuple

import msgspec

from features.events import Id, Text
from recommender.draws import digest, uniform

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
HOLDOUT = 0.05


class Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What both parts of an experiment have in common."""


class Arm(Struct, frozen=True, kw_only=True):
    """settings: what this arm changes, for whoever serves it."""

    id: Id
    weight: Annotated[float, msgspec.Meta(ge=0, le=1e6)] = 1.0
    settings: dict[str, Any] = {}


class Experiment(Struct, frozen=True, kw_only=True):
    """arms: the first is the control. Experiments of one layer share its visitors by their slices, so that
    slices that do not meet exclude each other; those of other layers are drawn apart."""

    id: Id
    arms: Annotated[tuple[Arm, ...], msgspec.Meta(min_length=2, max_length=20)]
    name: Text = ""
    layer: Id | None = None
    slice: tuple[Share, Share] = (0.0, 1.0)
    from_: Moment | None = msgspec.field(default=None, name="from")
    until: Moment | None = None

    def runs(self, now: datetime) -> bool:
        """Whether it takes visitors."""
        return (self.from_ is None or self.from_ <= now) and (self.until is None or now < self.until)

    @property
    def version(self) -> str:
        """Of what decides who sees what: exposures of two versions are never counted together."""
        arms = (part for arm in self.arms for part in (arm.id, repr(arm.weight)))
        return digest(self.id, str(self.layer), *map(repr, self.slice), *arms)


class Assignment(NamedTuple):
    """arms: experiment id -> arm id. A visitor of the holdout sees the shop without us, and no experiment."""

    holdout: bool
    arms: dict[str, str]


def assign(
    experiments: Sequence[Experiment], visitor_id: str, now: datetime, holdout: float = HOLDOUT
) -> Assignment:
    """The holdout is drawn once for all time: a larger one keeps all who are in a smaller one."""
    if uniform("holdout", visitor_id) < holdout:
        return Assignment(True, {})
    drawn = {each.id: arm_of(each, visitor_id) for each in experiments if each.runs(now)}
    return Assignment(False, {name: arm for name, arm in drawn.items() if arm is not None})


def arm_of(experiment: Experiment, visitor_id: str) -> str | None:
    """None: outside its slice. An arm of weight 0 gets nobody."""
    start, end = experiment.slice
    if not start <= uniform("layer", experiment.layer or experiment.id, visitor_id) < end:
        return None
    place = uniform("arm", experiment.id, visitor_id) * sum(arm.weight for arm in experiment.arms)
    for arm in experiment.arms:
        place -= arm.weight
        if place < 0:
            return arm.id
    return None


def contradictions(experiments: Sequence[Experiment]) -> list[str]:
    """Why these cannot run, each reason with what to do; empty: they can."""
    return [reason for each in experiments for reason in _alone(each)] + list(_together(experiments))


def refused_changes(before: Sequence[Experiment], after: Sequence[Experiment], now: datetime) -> list[str]:
    """What may not change under a running experiment: whoever has seen one arm must not be moved to another.

    Names and ends may change, and it may be taken away.
    """
    wanted = {experiment.id: experiment for experiment in after}
    return [
        f"Experiment `{old.id}` is running: its arms, weights, layer and slice stay. End it, and start"
        " another under a new id."
        for old in before
        if old.runs(now) and old.id in wanted and wanted[old.id].version != old.version
    ]


def _alone(experiment: Experiment) -> Iterator[str]:
    name = f"Experiment `{experiment.id}`"
    if len({arm.id for arm in experiment.arms}) < len(experiment.arms):
        yield f"{name} has two arms of one name: give each its own."
    if sum(arm.weight > 0 for arm in experiment.arms) < 2:
        yield f"{name} sends everybody to one arm: give at least two a weight above 0."
    if experiment.slice[0] >= experiment.slice[1]:
        yield f"{name} has an empty slice: put its start before its end."
    if experiment.from_ and experiment.until and experiment.from_ >= experiment.until:
        yield f"{name} ends before it begins: put `from` before `until`."


def _together(experiments: Sequence[Experiment]) -> Iterator[str]:
    for name, times in Counter(experiment.id for experiment in experiments).items():
        if times > 1:
            yield f"{times} experiments are called `{name}`: give each an id of its own."
    for one, other in combinations(experiments, 2):
        shared = one.layer is not None and one.layer == other.layer
        if shared and one.slice[0] < other.slice[1] and other.slice[0] < one.slice[1] and _meet(one, other):
            yield f"`{one.id}` and `{other.id}` take the same visitors of layer `{one.layer}`: part them."


def _meet(one: Experiment, other: Experiment) -> bool:
    """Whether they run at the same time."""
    ends_first = one.until is not None and other.from_ is not None and one.until <= other.from_
    ends_last = other.until is not None and one.from_ is not None and other.until <= one.from_
    return not (ends_first or ends_last)
