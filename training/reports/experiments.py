"""The report of experiments and of the holdout: the effect of each arm, and what Perennial earned."""

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import polars as pl

from features.home import Home
from features.insights.report import Column, Figure, Part, Plot, Report, Table, column, table
from recommender.experiments.plan import Experiment
from training.experiments.effects import Visitors
from training.experiments.exposures import (
    ExposureLog,
    exposures_of_plan,
    holdout_participants,
    holdout_share,
    participants_of,
    read_exposures,
)
from training.experiments.outcomes import orders_by_person, outcomes
from training.experiments.plans import all_plans
from training.experiments.sequential import always_valid
from training.experiments.study import METRICS, Metric, Study
from training.ledger.shop import Shop
from training.ledger.touches import until
from training.reports.channels import contribution
from training.reports.earned import earned_in, with_predictions

NO_HOLDOUT = (
    "What Perennial earned cannot be told yet: nobody has been held out so far. Serve with PERENNIAL_HOLDOUT"
    " above 0, as it is by default; the first answer comes within weeks."
)
NO_EXPERIMENTS = "No experiment has had visitors yet: plan one with PUT /v1/experiments."


def experiments_report(home: Home, shop: Shop, only: str | None = None) -> Report:
    """A part for each currency. only: the id of one experiment. Raises LookupError for an unknown id."""
    log, plans = read_exposures(home, shop.as_of), all_plans(home)
    chosen = [plan for plan in _newest(log, plans) if only in (None, plan.id)]
    if only is not None and not chosen:
        ids = ", ".join(plan.id for plan in _newest(log, plans)) or "none"
        raise LookupError(f"No visitor has seen an experiment {only!r}. Seen: {ids}.")
    share = holdout_share(log.exposures)
    participants = holdout_participants(log.exposures, shop.ledger, share)
    parts, headline, notes = [], "", []
    for currency in shop.ledger.currencies or [None]:
        part_shop = shop.of(currency)
        orders = orders_by_person(home, log, part_shop)
        studies = [_study(plan, log, orders, part_shop) for plan in chosen]
        figures: list[Figure] = []
        tables: list[Table] = []
        if only is None and len(participants.visitors):
            told = earned_in(participants, orders, part_shop, currency)
            figures, tables, headline = told.figures, [told.periods], headline or told.summary
        tables += [drawn for study in studies for drawn in (_effects(study), _arms(study))]
        parts.append(Part(currency, figures, tables))
        notes += [note for study in studies for note in _notes(study)]
    if only is None:
        headline = headline or NO_HOLDOUT
        notes += [] if chosen else [NO_EXPERIMENTS]
    return Report(
        "experiments", "Experiments", shop.as_of.isoformat(), parts, list(dict.fromkeys(notes)), headline
    )


def _newest(log: ExposureLog, plans: dict[str, Experiment]) -> list[Experiment]:
    """The last version of each experiment that had visitors, the latest first."""
    exposures = log.exposures.filter(pl.col("edition").is_not_null())
    latest = (
        exposures.group_by("experiment", "edition")
        .agg(pl.col("at").max())
        .sort("at", "edition", descending=True)
    )
    newest = latest.unique("experiment", keep="first", maintain_order=True)
    return [plans[plan_hash] for plan_hash in newest["edition"] if plan_hash in plans]


def _metrics(shop: Shop) -> tuple[Metric, ...]:
    """The metrics that this shop's data allows; the first one decides."""
    metrics = [metric for metric in METRICS if metric.outcome != "ltv" or shop.forecast]
    if contribution(shop) is None:
        return tuple(metric for metric in metrics if metric.outcome != "margin")
    return tuple(sorted(metrics, key=lambda metric: metric.name != "margin_per_visitor"))


def _study(plan: Experiment, log: ExposureLog, orders: pl.DataFrame, shop: Shop) -> Study:
    participants = participants_of(exposures_of_plan(log.exposures, plan.plan_hash))
    end = min(filter(None, (plan.until, until(shop.as_of))))
    began = participants.began
    visitor_outcomes = outcomes(participants.visitors, orders, with_predictions(shop), began, end)
    return Study(plan, visitor_outcomes, participants.crossed, began, end, _metrics(shop))


def _effects(study: Study) -> Table:
    """Effects relative to the control, so that metrics can be compared."""
    rows = []
    for arm, metric, effect in study.effects():
        base = abs(effect.control)
        if base:
            interval = always_valid(effect, study.plan.worthwhile * base)
            relative = [value / base for value in (effect.difference, interval.low, interval.high)]
            label = column(metric.name).label
            compared = f"{arm}: {label.lower()}" if len(study.plan.arms) > 2 else label
            rows.append((compared, *relative, interval.p_value))
    verdicts = [(arm, each.text) for arm, each in study.verdicts()]
    text = verdicts[0][1] if len(verdicts) == 1 else " ".join(f"{arm}: {each}" for arm, each in verdicts)
    columns = ("compared", "lift", "lift_low", "lift_high", "p_value")
    title = (
        f"{_name(study)}: {', '.join(arm.id for arm in study.plan.arms[1:])} against {study.plan.arms[0].id}"
    )
    return table(study.plan.id, title, columns, rows, Plot("intervals", "lift"), text)


def _name(study: Study) -> str:
    return study.plan.name or study.plan.id


def _arms(study: Study) -> Table:
    shares = [arm.weight / study.plan.weight for arm in study.plan.arms]
    verdicts = dict(study.verdicts())
    rows = [
        (
            arm.id,
            n,
            share,
            *(_value(study.visitors(arm.id, metric)) for metric in study.metrics),
            verdicts[arm.id].minimum_detectable if arm.id in verdicts else None,
            verdicts[arm.id].days_to_go if arm.id in verdicts else None,
            verdicts[arm.id].code if arm.id in verdicts else None,
        )
        for arm, n, share in zip(study.plan.arms, study.counts, shares, strict=True)
    ]
    columns: list[str | Column] = ["arm", "visitors", "planned_share"]
    columns += [*(metric.name for metric in study.metrics), "minimum_detectable", "days_to_go", "decision"]
    text = f"From {study.since:%-d %B %Y} to {study.until - timedelta(microseconds=1):%-d %B %Y}."
    return table(f"{study.plan.id}:arms", f"{_name(study)}: the arms", columns, rows, None, text)


def _value(visitors: Visitors) -> float | None:
    total = float(np.sum(visitors.per))
    return float(np.sum(visitors.outcome)) / total if total else None


def _notes(study: Study) -> Iterator[str]:
    if not study.balanced:
        yield (
            f"`{study.plan.id}`: visitors did not come to the arms by their weights. Trust no figure of it"
            " until it is found what loses them."
        )
    if study.crossed:
        yield (
            f"`{study.plan.id}`: {study.crossed:,} of {sum(study.counts):,} visitors were seen in two"
            " arms; they count in the first."
        )
