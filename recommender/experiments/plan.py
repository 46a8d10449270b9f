"""Experiments as the owner plans them: arms, who may take part, and errors in a set of experiments."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property
from itertools import combinations
from typing import Annotated, Any

import msgspec

from features.events.vocabulary import Id, Text
from recommender.arrays.hashing import digest_of
from recommender.context.request import PLACEMENTS, Placement
from recommender.merchandising.rules import Rules
from recommender.merchandising.rules import contradictions as rule_contradictions
from recommender.offers.catalogue import Names, Share, StrictStruct
from recommender.validity import Moment, is_active, is_never, overlap

HOLDOUT = "holdout"
OFFERS = "offers"  # the surface beside the placements: offers of /v1/offers and of triggers
MAX_EXPERIMENTS = 100


class Arm(StrictStruct, frozen=True, kw_only=True):
    """What an arm changes for its visitors; what is left out stays as in the shop.

    model: the version that answers; rules: replace the merchant's; offers: those that may be made, an empty
    list: none; widget: any JSON, passed to the page with each answer.
    """

    id: Id
    weight: Annotated[float, msgspec.Meta(ge=0, le=1e6)] = 1.0
    model: Id | None = None
    rules: Rules | None = None
    offers: Names | None = None
    widget: dict[str, Any] | None = None

    @property
    def changes_answers(self) -> bool:
        """Whether the arm changes recommendations."""
        return not (self.model is None and self.rules is None and self.widget is None)


class Experiment(StrictStruct, frozen=True, kw_only=True, dict=True):
    """arms: the first is the control. placements: where it changes answers; none: everywhere.

    Experiments of one layer divide its visitors by their slices: where slices do not overlap, no visitor is
    in both. Layers are independent of each other. worthwhile: the smallest relative difference that the
    owner would act on.
    """

    id: Id
    arms: Annotated[tuple[Arm, ...], msgspec.Meta(min_length=2, max_length=20)]
    name: Text = ""
    placements: tuple[Placement, ...] = ()
    layer: Id | None = None
    slice: tuple[Share, Share] = (0.0, 1.0)
    from_: Moment | None = msgspec.field(default=None, name="from")
    until: Moment | None = None
    worthwhile: Annotated[float, msgspec.Meta(ge=0.001, le=1)] = 0.05

    def runs(self, now: datetime) -> bool:
        """Whether it assigns visitors at this time."""
        return is_active(self, now)

    @cached_property
    def plan_hash(self) -> str:
        """Hash of all that decides who sees what: exposures of two plan hashes are never counted together."""
        cosmetic = {"name": "", "from_": None, "until": None, "worthwhile": 0.05}
        return digest_of(
            msgspec.json.encode(msgspec.structs.replace(self, **cosmetic), order="sorted").decode()
        )

    @property
    def surfaces(self) -> frozenset[str]:
        """The placements it changes, and `OFFERS`. Arms that change nothing are an A/A test of answers."""
        on_offers = any(arm.offers is not None for arm in self.arms)
        on_answers = any(arm.changes_answers for arm in self.arms) or not on_offers
        return frozenset((self.placements or PLACEMENTS) * on_answers + (OFFERS,) * on_offers)

    @property
    def weight(self) -> float:
        """The sum of all arms' weights."""
        return sum(arm.weight for arm in self.arms)


Experiments = Annotated[tuple[Experiment, ...], msgspec.Meta(max_length=MAX_EXPERIMENTS)]


def contradictions(experiments: Sequence[Experiment]) -> list[str]:
    """What is wrong with these experiments, and for each problem what to do; empty: nothing."""
    return [reason for each in experiments for reason in _problems_of(each)] + list(_conflicts(experiments))


def refused_changes(before: Sequence[Experiment], after: Sequence[Experiment], now: datetime) -> list[str]:
    """Changes that a running experiment forbids, because they would move visitors from one arm to another.

    Its name, end and `worthwhile` may change, and it may be removed.
    """
    planned = {experiment.id: experiment for experiment in after}
    return [
        f"Experiment `{old.id}` is running: its arms, placements, layer and slice stay. End it, and start"
        " another under a new id."
        for old in before
        if old.runs(now) and old.id in planned and planned[old.id].plan_hash != old.plan_hash
    ]


def oddities(experiments: Sequence[Experiment], now: datetime) -> Iterator[str]:
    """Warnings: experiments that can run, but probably not as intended."""
    for each in experiments:
        for arm in each.arms:
            if arm.weight == 0:
                yield f"Arm `{arm.id}` of `{each.id}` has the weight 0: it gets nobody."
        copies = [msgspec.structs.replace(arm, id="-", weight=1.0) for arm in each.arms]
        if len({msgspec.json.encode(arm, order="sorted") for arm in copies}) == 1:
            yield f"All arms of `{each.id}` do the same: an A/A test."
        if each.until is not None and each.until <= now:
            yield f"`{each.id}` is over since {each.until:%Y-%m-%d}."


def _problems_of(experiment: Experiment) -> Iterator[str]:
    name = f"Experiment `{experiment.id}`"
    if experiment.id == HOLDOUT:
        yield f"`{HOLDOUT}` is the name of the permanent holdout: give the experiment another id."
    if len({arm.id for arm in experiment.arms}) < len(experiment.arms):
        yield f"{name} has two arms of one name: give each its own."
    if sum(arm.weight > 0 for arm in experiment.arms) < 2:
        yield f"{name} sends everybody to one arm: give at least two a weight above 0."
    if experiment.slice[0] >= experiment.slice[1]:
        yield f"{name} has an empty slice: put its start before its end."
    if is_never(experiment):
        yield f"{name} ends before it begins: put `from` before `until`."
    for arm in experiment.arms:
        for complaint in rule_contradictions(arm.rules or ()):
            yield f"Arm `{arm.id}` of `{experiment.id}`: {complaint}"


def _conflicts(experiments: Sequence[Experiment]) -> Iterator[str]:
    for name, times in Counter(experiment.id for experiment in experiments).items():
        if times > 1:
            yield f"{times} experiments are called `{name}`: give each an id of its own."
    for one, other in combinations(experiments, 2):
        if not overlap(one, other):
            continue
        if one.layer is not None and one.layer == other.layer:
            if one.slice[0] < other.slice[1] and other.slice[0] < one.slice[1]:
                yield f"`{one.id}` and `{other.id}` take the same visitors of layer `{one.layer}`: part them."
        elif both := sorted(one.surfaces & other.surfaces):
            yield (
                f"`{one.id}` and `{other.id}` would both change `{both[0]}` for the same visitors: name other"
                " `placements`, or give them one `layer` and slices that do not meet."
            )
