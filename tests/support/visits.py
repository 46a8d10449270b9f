"""Impressions for tests of experiments."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sales import at

from features.history.impressions_parquet import served_table
from features.home import Home
from features.outgoing.impressions import ExperimentAssignment, ServedRecord
from recommender.experiments.plan import Arm, Experiment
from training.experiments.plans import remember_plans

AB = Experiment(id="x", arms=(Arm(id="a"), Arm(id="b", widget={"k": 4})))
HOLDOUT = 0.1


def assignment(
    arm: str | None = None, plan: Experiment = AB, *, held_out: bool = False
) -> ExperimentAssignment:
    """In an arm of a plan, or held out, or neither."""
    if held_out:
        return ExperimentAssignment("holdout", None, "held_out", HOLDOUT, True, HOLDOUT)
    return (
        ExperimentAssignment(plan.id, plan.plan_hash, arm, 0.5, False, HOLDOUT)
        if arm
        else ExperimentAssignment(holdout=HOLDOUT)
    )


def impression(
    visitor: str,
    day: str | datetime,
    arm: ExperimentAssignment | None = None,
    *,
    signed_in: bool = True,
    **fields: Any,
) -> ServedRecord:
    """An impression for a customer, or for a browser without one."""
    moment = day if isinstance(day, datetime) else at(day)
    who = {"customer_id" if signed_in else "anonymous_id": visitor}
    fields = {"recommendation_id": f"r-{visitor}-{moment:%m%d%H%M}", "product_ids": (), **who} | fields
    return ServedRecord(at=moment, placement="home", treated=arm or ExperimentAssignment(), **fields)


def write_impressions(
    home: Home, *records: ServedRecord, name: str = "one", plans: Iterable[Experiment] = (AB,)
) -> None:
    """Write them into the home, as the archiver does."""
    folder = home.served / "2026-06-30"
    folder.mkdir(exist_ok=True)
    served_table(records).write_parquet(folder / f"{name}.parquet")
    remember_plans(home, plans)
