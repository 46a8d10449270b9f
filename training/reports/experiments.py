"""Experiments and the holdout: what each arm brought, what Perennial earned, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from features.home import Home
from features.insights.report import Column, Figure, Part, Plot, Report, Table, column, figure, table
from recommender.experiments.assignment import HELD_OUT
from recommender.experiments.plan import Experiment
from training.experiments.earned import Earned, earned, sentence
from training.experiments.effects import Visitors
from training.experiments.exposures import (
    PERENNIAL,
    Crowd,
    Served,
    crowd_of,
    exposed_to,
    held_out_crowd,
    read_served,
    share_held_out,
)
from training.experiments.outcomes import orders_of, outcomes
from training.experiments.plans import known_plans
from training.experiments.sequential import always_valid
from training.experiments.study import METRICS, Metric, Study
from training.ledger.shop import Shop
from training.ledger.touches import until
from training.reports.channels import contribution

NAME, TITLE = "experiments", "Experiments"
MONTH = timedelta(days=30)
NO_HOLDOUT = (
    "What Perennial earned cannot be told yet: nobody has been held out so far. Serve with PERENNIAL_HOLDOUT"
    " above 0, as it is by default; the first answer comes within weeks."
)
NO_EXPERIMENTS = "No experiment has had visitors yet: plan one with PUT /v1/experiments."


def experiments_report(home: Home, shop: Shop, only: str | None = None) -> Report:
    """A part for each currency. only: the id of one experiment. Raises LookupError where it is not known."""
    served, plans = read_served(home, shop.as_of), known_plans(home)
    chosen = [plan for plan in _newest(served, plans) if only in (None, plan.id)]
    if only is not None and not chosen:
        known = ", ".join(plan.id for plan in _newest(served, plans)) or "none"
        raise LookupError(f"No visitor has seen an experiment {only!r}. Seen: {known}.")
    share = share_held_out(served.exposures)
    crowd = held_out_crowd(served.exposures, shop.ledger, share)
    parts, headline, found_notes = [], "", []
    for currency in shop.ledger.currencies or [None]:
        part_shop = shop.of(currency)
        orders = orders_of(home, served, part_shop)
        studies = [_study(plan, served, orders, part_shop) for plan in chosen]
        figures: list[Figure] = []
        if only is None and len(crowd.visitors):
            figures, told = _earned(crowd, orders, part_shop, currency)
            headline = headline or told
        tables = [drawn for study in studies for drawn in (_effects(study), _arms(study))]
        parts.append(Part(currency, figures, tables))
        found_notes += [note for study in studies for note in _notes(study)]
    if only is None:
        headline = headline or NO_HOLDOUT
        found_notes += [] if chosen else [NO_EXPERIMENTS]
    return Report(NAME, TITLE, shop.as_of.isoformat(), parts, list(dict.fromkeys(found_notes)), headline)


def _newest(served: Served, plans: dict[str, Experiment]) -> list[Experiment]:
    """The last edition of each experiment that had visitors, the latest first."""
    seen = served.exposures.filter(pl.col("edition").is_not_null())
    latest = (
        seen.group_by("experiment", "edition").agg(pl.col("at").max()).sort("at", "edition", descending=True)
    )
    newest = latest.unique("experiment", keep="first", maintain_order=True)
    return [plans[edition] for edition in newest["edition"] if edition in plans]


def _metrics(shop: Shop) -> tuple[Metric, ...]:
    """Those that this shop can tell, what decides first."""
    known = [metric for metric in METRICS if metric.outcome != "ltv" or shop.forecast]
    if contribution(shop) is None:
        return tuple(metric for metric in known if metric.outcome != "margin")
    return tuple(sorted(known, key=lambda metric: metric.name != "margin_per_visitor"))


def _people(shop: Shop) -> pl.DataFrame:
    if shop.forecast:
        return shop.customers
    return shop.customers.with_columns(predicted_365d=pl.lit(0.0))


def _study(plan: Experiment, served: Served, orders: pl.DataFrame, shop: Shop) -> Study:
    crowd = crowd_of(exposed_to(served.exposures, plan.edition))
    over = min(filter(None, (plan.until, until(shop.as_of))))
    brought = outcomes(crowd.visitors, orders, _people(shop), crowd.began, over)
    return Study(plan, brought, crowd.crossed, crowd.began, over, _metrics(shop))


def _earned(crowd: Crowd, orders: pl.DataFrame, shop: Shop, currency: str | None) -> tuple[list[Figure], str]:
    """The figures, and the sentence for an owner in a hurry."""
    what = "revenue" if contribution(shop) is None else "margin"
    end, start = until(shop.as_of), crowd.began
    month = max(start, end - MONTH)

    def by(metric: str, since: datetime) -> Earned:
        return earned(outcomes(crowd.visitors, orders, _people(shop), since, end), metric, since, end)

    days = round((end - month) / timedelta(days=1))
    last, all_time = by(what, month), by(what, start)
    told = sentence(last, what, f"in the last {days} days", currency)
    if month > start:
        told += " " + sentence(all_time, what, f"since {start:%-d %B %Y}", currency)
    arms = crowd.visitors["arm"]
    figures = [
        _interval(f"earned_{what}", last),
        _interval(f"earned_{what}_since", all_time),
        figure("earned_share", all_time.share if all_time.known else None),
        figure("held_out_visitors", int((arms == HELD_OUT).sum())),
        figure("treated_visitors", int((arms == PERENNIAL).sum())),
    ]
    if what == "margin":
        figures.insert(1, _interval("earned_revenue", by("revenue", month)))
    return figures, told


def _interval(name: str, found: Earned) -> Figure:
    if not found.known:
        return figure(name, None, f"Only {found.buyers} of those held out bought")
    return figure(name, found.value, low=found.low, high=found.high)


def _effects(study: Study) -> Table:
    """Relative to the control, so that metrics can be seen side by side."""
    rows = []
    for arm, metric, found in study.effects():
        base = abs(found.control)
        if base:
            interval = always_valid(found, study.plan.worthwhile * base)
            relative = [value / base for value in (found.difference, interval.low, interval.high)]
            label = column(metric.name).label
            compared = f"{arm}: {label.lower()}" if len(study.plan.arms) > 2 else label
            rows.append((compared, *relative, interval.p_value))
    told = [(arm, each.text) for arm, each in study.verdicts()]
    text = told[0][1] if len(told) == 1 else " ".join(f"{arm}: {sentence}" for arm, sentence in told)
    columns = ("compared", "lift", "lift_low", "lift_high", "p_value")
    title = (
        f"{_name(study)}: {', '.join(arm.id for arm in study.plan.arms[1:])} against {study.plan.arms[0].id}"
    )
    return table(study.plan.id, title, columns, rows, Plot("intervals", "lift"), text)


def _name(study: Study) -> str:
    return study.plan.name or study.plan.id


def _arms(study: Study) -> Table:
    shares = [arm.weight / study.plan.weight for arm in study.plan.arms]
    detectable = {arm: each.minimum_detectable for arm, each in study.verdicts()}
    rows = [
        (
            arm.id,
            n,
            share,
            *(_value(study.visitors(arm.id, metric)) for metric in study.metrics),
            detectable.get(arm.id),
        )
        for arm, n, share in zip(study.plan.arms, study.counts, shares, strict=True)
    ]
    columns: list[str | Column] = ["arm", "visitors", "planned_share"]
    columns += [*(metric.name for metric in study.metrics), "minimum_detectable"]
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
