"""The report of experiments whose arms differ, do not differ, or lose visitors."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import msgspec
import numpy as np
import pytest
from sales import at, sale, shop_of
from visits import AB, HOLDOUT, assignment, impression, write_impressions

from features.events.vocabulary import Event
from features.home import Home
from features.insights.report import Report, Table
from features.outgoing.impressions import ServedRecord
from recommender.experiments.assignment import is_held_out
from training.experiments.plans import all_plans, remember_plans
from training.reports.experiments import experiments_report

BEGAN = at("06-01")


def visits(n: int, chances: dict[str, float], price: float = 10.0) -> tuple[list[ServedRecord], list[Event]]:
    """Visitors in the arms by turns, and orders of a given share of each arm."""
    records, events = [], []
    for number in range(n):
        arm = list(chances)[number % len(chances)]
        records.append(impression(f"v-{number}", BEGAN + timedelta(minutes=number), assignment(arm)))
        turn = number // len(chances)
        if int((turn + 1) * chances[arm]) > int(turn * chances[arm]):
            items = ("tea", 1 + turn % 3, price)
            events.append(sale(f"o-{number}", f"v-{number}", f"06-{5 + turn % 25:02d}", items))
    return records, events


def report_of(
    home: Home, records: Iterable[ServedRecord], events: list[Event], only: str | None = None
) -> Report:
    write_impressions(home, *records)
    return experiments_report(home, shop_of(home, events, tea={"cost": 6.0}), only)


def tables(report: Report) -> dict[str, Table]:
    return {each.name: each for part in report.parts for each in part.tables}


def records(table: Table) -> list[dict[str, Any]]:
    """Its rows by their columns' names."""
    return [dict(zip((column.name for column in table.columns), row, strict=True)) for row in table.rows]


def test_an_arm_that_sells_more_is_found(home: Home) -> None:
    report = report_of(home, *visits(3_000, {"a": 0.1, "b": 0.3}))
    effects, arms = tables(report)["x"], tables(report)["x:arms"]
    assert effects.text.startswith("It is better: +")
    assert "You may stop here" in effects.text
    margin = records(effects)[0]
    assert (margin["compared"], round(margin["lift"], 1)) == ("Margin a visitor", 2.0)
    assert 0 < margin["lift_low"] < margin["lift"] < margin["lift_high"]
    control, better = records(arms)
    assert (control["arm"], control["visitors"], control["planned_share"]) == ("a", 1_500, 0.5)
    assert (control["orders_per_visitor"], better["orders_per_visitor"]) == (0.1, 0.3)
    assert better["minimum_detectable"] > 0 == (control["minimum_detectable"] or 0)
    assert report.notes == []


def test_too_early_says_for_how_long_to_wait(home: Home) -> None:
    report = report_of(home, *visits(2_000, {"a": 0.3, "b": 0.31}))
    text = tables(report)["x"].text
    assert text.startswith("Not enough yet: ")
    assert "days more" in text or "more than a year" in text


def test_an_arm_that_loses_visitors_makes_every_figure_doubtful(home: Home) -> None:
    records, events = visits(2_000, {"a": 0.2, "b": 0.2})
    lost = [each for number, each in enumerate(records) if number % 4 != 1]
    report = report_of(home, lost, events)
    assert "Trust no figure of it" in report.notes[0]
    assert "something loses visitors" in tables(report)["x"].text


def test_an_arm_without_traffic_is_reported(home: Home) -> None:
    records, events = visits(400, {"a": 0.2})
    report = report_of(home, records, events)
    assert "has had no visitors" in tables(report)["x"].text
    assert tables(report)["x"].rows == []


def test_visitors_of_two_arms_are_reported(home: Home) -> None:
    records, events = visits(400, {"a": 0.2, "b": 0.2})
    report = report_of(home, [*records, impression("v-0", at("06-20"), assignment("b"))], events)
    assert "1 of 400 visitors were seen in two arms" in report.notes[0]


def test_orders_count_to_the_end_of_an_experiment(home: Home) -> None:
    impressions, events = visits(400, {"a": 0.5, "b": 0.5})
    whole = tables(report_of(home, impressions, events))["x:arms"]
    remember_plans(home, [msgspec.structs.replace(AB, until=at("06-10"), name="Tens")])
    ended = experiments_report(home, shop_of(home, []))
    shorter = tables(ended)["x:arms"]
    assert records(shorter)[0]["margin_per_visitor"] < records(whole)[0]["margin_per_visitor"]
    assert "to 10 June 2026" in shorter.text
    assert shorter.title.startswith("Tens")


def test_one_of_them_by_its_id(home: Home) -> None:
    report = report_of(home, *visits(400, {"a": 0.2, "b": 0.2}), only="x")
    assert (set(tables(report)), report.headline) == ({"x", "x:arms"}, "")
    with pytest.raises(LookupError, match="Seen: x"):
        experiments_report(home, shop_of(home, []), "y")


def test_currencies_are_kept_apart(home: Home) -> None:
    records, events = visits(400, {"a": 0.2, "b": 0.2})
    report = report_of(home, records, [*events, sale("o-x", "v-1", "06-20", currency="GBP")])
    assert [part.currency for part in report.parts] == ["EUR", "GBP"]
    pounds = {table.name: table for table in report.parts[1].tables}
    margins = [row[3] for row in pounds["x:arms"].rows]
    assert margins == pytest.approx([0, 4 / 200])


@pytest.mark.parametrize("events", [[], [sale("o-1", "ann", "06-03")]])
def test_a_shop_without_any_says_how_to_begin(home: Home, events: list[Event]) -> None:
    report = experiments_report(home, shop_of(home, events))
    assert "PUT /v1/experiments" in report.notes[0]
    assert "PERENNIAL_HOLDOUT" in report.headline


def held_out_shop(home: Home, without: float, n: int = 3_000) -> Report:
    """Customers who all order in May, and again in June by a chance that is less where they are held out."""
    rng = np.random.default_rng(3)
    names = [f"c-{number}" for number in range(n)]
    events = [sale(f"o-{name}", name, "05-10") for name in names]
    events += [
        sale(f"p-{name}", name, "06-15")
        for name in names
        if rng.random() < (without if is_held_out(name, HOLDOUT) else 0.6)
    ]
    records = [impression(name, "06-02", assignment(held_out=is_held_out(name, HOLDOUT))) for name in names]
    return report_of(home, records, events)


def test_what_perennial_earned_last_month_in_one_sentence(home: Home) -> None:
    report = held_out_shop(home, without=0.4)
    figures = {each.name: each for each in report.parts[0].figures}
    earned = figures["earned_margin"]
    treated_visitors = figures["treated_visitors"].value or 0
    assert earned.low is not None and earned.high is not None and earned.value is not None  # noqa: PT018
    assert 0 < earned.low < 0.2 * 4.0 * treated_visitors < earned.high
    assert report.headline.startswith(
        f"Perennial earned about {earned.value:,.0f} EUR of margin in the last "
    )
    assert "with 95 % certainty" in report.headline
    assert (figures["held_out_visitors"].value or 0) + treated_visitors == 3_000


def test_where_nothing_was_earned_it_does_not_say_so(home: Home) -> None:
    report = held_out_shop(home, without=0.6)
    assert "not sure" in report.headline
    assert len(all_plans(home)) == 1


def test_a_few_held_out_buyers_are_too_few(home: Home) -> None:
    report = held_out_shop(home, without=0.4, n=200)
    assert report.headline.startswith("Not enough yet to say what Perennial earned")
    (figure,) = [each for each in report.parts[0].figures if each.name == "earned_margin"]
    assert (figure.value, figure.low) == (None, None)
    assert figure.note is not None
