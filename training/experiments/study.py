"""One experiment over the orders of one currency: its arms, metric by metric."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

import polars as pl

from recommender.experiments.plan import Experiment
from training.experiments.effects import Effect, Visitors, effect
from training.experiments.sequential import sample_ratio
from training.experiments.verdict import UNBALANCED, ArmVerdict, verdict


class Metric(NamedTuple):
    """outcome over per, both of `OUTCOMES`; per None: a visitor. name: in the table of definitions."""

    name: str
    outcome: str
    per: str | None = None


METRICS = (
    Metric("revenue_per_visitor", "revenue"),
    Metric("margin_per_visitor", "margin"),
    Metric("orders_per_visitor", "orders"),
    Metric("revenue_per_order", "revenue", "orders"),
    Metric("repeat_per_buyer", "again", "buyers"),
    Metric("ltv_per_visitor", "ltv"),
    Metric("recommended_per_visitor", "recommended"),
)


@dataclass(frozen=True)
class Study:
    """outcomes: `outcomes.outcomes` from `since` to `until`; crossed: how many visitors were exposed to two
    arms; metrics: those that can be computed, the first of which decides."""

    plan: Experiment
    outcomes: pl.DataFrame
    crossed: int
    since: datetime
    until: datetime
    metrics: tuple[Metric, ...]

    @cached_property
    def counts(self) -> list[int]:
        """Visitors of each arm."""
        return [int((self.outcomes["arm"] == arm.id).sum()) for arm in self.plan.arms]

    @property
    def balanced(self) -> bool:
        """Whether visitors came to the arms by their weights, as far as chance allows."""
        return sample_ratio(self.counts, [arm.weight for arm in self.plan.arms]) >= UNBALANCED

    def visitors(self, arm: str, metric: Metric) -> Visitors:
        rows = self.outcomes.filter(pl.col("arm") == arm)
        per = rows[metric.per].to_numpy() if metric.per else None
        return Visitors.of(rows[metric.outcome].to_numpy(), per, rows["before"].to_numpy())

    def verdicts(self) -> Iterator[tuple[str, ArmVerdict]]:
        """The verdict of each arm but the control, by the first metric."""
        control, *others = self.plan.arms
        days = (self.until - self.since) / timedelta(days=1)
        for arm in others:
            pair = self.visitors(control.id, self.metrics[0]), self.visitors(arm.id, self.metrics[0])
            yield arm.id, verdict(*pair, days, (control.weight, arm.weight), self.plan.worthwhile)

    def effects(self) -> Iterator[tuple[str, Metric, Effect]]:
        """The effect of each arm against the control, where both have at least two visitors."""
        control, *others = self.plan.arms
        for arm in others:
            for metric in self.metrics:
                pair = self.visitors(control.id, metric), self.visitors(arm.id, metric)
                if min(len(each.outcome) for each in pair) >= 2:
                    yield arm.id, metric, effect(*pair)
