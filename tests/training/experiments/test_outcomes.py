"""Visitors and their orders by hand: each counted once, in one arm, across browsers and wrong clocks."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from sales import AS_OF, at, refund, sale, shop_of
from visits import AB, HOLDOUT, assignment, impression, write_impressions

from features.events.vocabulary import Event
from features.home import Home
from features.outgoing.impressions import ServedRecord
from recommender.experiments.assignment import is_held_out
from training.experiments.exposures import (
    exposures_of_plan,
    holdout_participants,
    holdout_share,
    participants_of,
    read_exposures,
)
from training.experiments.outcomes import orders_by_person, outcomes

from factories import event

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)
HELD_OUT = next(f"c-{n}" for n in range(1_000) if is_held_out(f"c-{n}", HOLDOUT))
TREATED = next(f"c-{n}" for n in range(1_000) if not is_held_out(f"c-{n}", HOLDOUT))


def outcomes_of(
    home: Home, records: Sequence[ServedRecord], events: Sequence[Event]
) -> dict[str, dict[str, Any]]:
    """visitor -> outcomes, in the experiment AB."""
    write_impressions(home, *records)
    shop = shop_of(home, events, tea={"cost": 6.0})
    exposure_log = read_exposures(home, AS_OF)
    participants = participants_of(exposures_of_plan(exposure_log.exposures, AB.plan_hash))
    customers = shop.customers.with_columns(predicted_365d=pl.lit(100.0))
    rows = outcomes(participants.visitors, orders_by_person(home, exposure_log, shop), customers, START, END)
    return {row.pop("visitor"): row for row in rows.iter_rows(named=True)}


def test_orders_after_the_first_answer_count_net_of_refunds(home: Home) -> None:
    events = [
        sale("o-0", "ann", "05-01", ("tea", 9, 10.0)),
        sale("o-1", "ann", "06-03", ("tea", 2, 10.0), discount=2.0),
        sale("o-2", "ann", "06-05", ("tea", 1, 10.0)),
        sale("o-3", "bob", "06-05", ("tea", 3, 10.0)),
        sale("o-4", "bob", "06-06"),
        refund("o-3", "06-07", ("tea", 1)),
        refund("o-4", "06-08", kind="cancel"),
        sale("o-5", "zoe", "06-09"),  # never served
    ]
    rows = outcomes_of(
        home,
        [impression("ann", "06-02", assignment("a")), impression("bob", "06-02", assignment("b"))],
        events,
    )
    ann, bob = rows["ann"], rows["bob"]
    assert set(rows) == {"ann", "bob"}
    assert (ann["arm"], ann["revenue"], ann["margin"], ann["orders"]) == ("a", 28.0, 10.0, 2)
    assert (ann["buyers"], ann["again"], ann["before"], ann["ltv"]) == (1, 1, 90.0, 100.0)
    assert (bob["arm"], bob["revenue"], bob["margin"], bob["orders"]) == ("b", 20.0, 8.0, 1)
    assert (bob["again"], bob["before"]) == (0, 0)


def test_a_browser_keeps_what_it_brought_and_the_customer_begins_afterwards(home: Home) -> None:
    """The browser was in arm `a`; the customer who signed in on it draws `b`."""
    events = [
        event("identify", at=at("06-03"), customer_id="ann", anonymous_id="br"),
        sale("o-1", "ann", "06-03", anonymous_id="br"),
        sale("o-2", "ann", "06-20", ("tea", 4, 10.0)),
    ]
    records = [
        impression("br", "06-02", assignment("a"), signed_in=False),
        impression("ann", "06-10", assignment("b")),
    ]
    rows = outcomes_of(home, records, events)
    assert {name: (row["arm"], row["revenue"]) for name, row in rows.items()} == {
        "br": ("a", 10.0),
        "ann": ("b", 40.0),
    }
    assert (rows["br"]["ltv"], rows["ann"]["ltv"]) == (0, 100.0)  # a person's prediction counts once
    assert sum(row["orders"] for row in rows.values()) == 2


def test_a_known_customer_stays_one_on_every_browser(home: Home) -> None:
    events = [
        event("identify", at=at("06-12"), customer_id="ann", anonymous_id="br"),
        sale("o-1", "ann", "06-12", anonymous_id="br"),
    ]
    records = [
        impression("ann", "06-02", assignment("b")),
        impression("br", "06-11", assignment("a"), signed_in=False),
    ]
    rows = outcomes_of(home, records, events)
    assert {name: row["orders"] for name, row in rows.items()} == {"ann": 1, "br": 0}


def test_a_guest_s_order_belongs_to_the_browser(home: Home) -> None:
    rows = outcomes_of(
        home,
        [impression("br", "06-02", assignment("a"), signed_in=False)],
        [sale("o-1", None, "06-03", anonymous_id="br")],
    )
    assert rows["br"]["revenue"] == 10.0


def test_a_visitor_in_two_arms_counts_once_in_the_first(home: Home) -> None:
    records = [
        impression("ann", "06-05", assignment("b")),
        impression("ann", "06-02", assignment("a")),
        impression("bob", "06-02", assignment("b")),
    ]
    rows = outcomes_of(home, records, [sale("o-1", "ann", "06-06")])
    assert (rows["ann"]["arm"], rows["ann"]["revenue"], len(rows)) == ("a", 10.0, 2)
    assert (
        participants_of(exposures_of_plan(read_exposures(home, AS_OF).exposures, AB.plan_hash)).crossed == 1
    )


def test_a_log_written_twice_and_an_event_sent_twice_change_nothing(home: Home) -> None:
    records = [impression("ann", "06-02", assignment("a"))]
    events = [sale("o-1", "ann", "06-03"), sale("o-1", "ann", "06-03"), sale("o-1", "ann", "06-04")]
    write_impressions(home, *records, name="again")
    rows = outcomes_of(home, records, events)
    assert (rows["ann"]["revenue"], rows["ann"]["orders"]) == (10.0, 1)


@pytest.mark.parametrize("named_by", ["order", "line"])
def test_an_order_that_names_its_recommendation_counts_with_wrong_clocks(home: Home, named_by: str) -> None:
    """The shop's clock is an hour slow, and the guest order has no browser, only the recommendation's id."""
    recommendation = impression(
        "br", at("06-03") + timedelta(hours=1), assignment("b"), signed_in=False, recommendation_id="r-1"
    )
    lines = [
        {"product_id": "tea", "quantity": 1, "unit_price": 10.0},
        {"product_id": "pot", "unit_price": 30.0},
    ]
    if named_by == "line":
        lines[0]["recommendation_id"] = "r-1"
    order = {"order_id": "o-1", "currency": "EUR", "items": lines}
    named = {"recommendation_id": "r-1"} if named_by == "order" else {}
    rows = outcomes_of(home, [recommendation], [event("purchase", at=at("06-03"), order=order, **named)])
    assert (rows["br"]["arm"], rows["br"]["revenue"]) == ("b", 40.0)
    assert rows["br"]["recommended"] == (40.0 if named_by == "order" else 10.0)


def test_what_lies_in_the_future_has_not_happened(home: Home) -> None:
    """A server's clock that jumped ahead notes an answer of next year."""
    records = [
        impression("ann", datetime(2027, 6, 1, tzinfo=UTC), assignment("a")),
        impression("bob", "06-02", assignment("b")),
    ]
    assert set(outcomes_of(home, records, [sale("o-1", "ann", "06-03")])) == {"bob"}


def test_plans_of_one_name_are_never_counted_together(home: Home) -> None:
    from recommender.experiments.plan import Arm, Experiment

    other = Experiment(id="x", arms=(Arm(id="a"), Arm(id="b", widget={"k": 9})))
    records = [
        impression("ann", "06-02", assignment("a")),
        impression("bob", "06-02", assignment("a", other)),
    ]
    assert set(outcomes_of(home, records, [sale("o-1", "ann", "06-03")])) == {"ann"}


def test_a_log_of_before_experiments_is_read(home: Home) -> None:
    folder = home.served / "2026-06-01"
    folder.mkdir()
    old = {"recommendation_id": ["r-0"], "at": [at("06-01")], "customer_id": ["ann"], "arm": [None]}
    pl.DataFrame(old, schema_overrides={"arm": pl.String}).write_parquet(folder / "old.parquet")
    rows = outcomes_of(home, [impression("bob", "06-02", assignment("b"))], [sale("o-1", "bob", "06-03")])
    assert set(rows) == {"bob"}


def test_all_known_customers_are_under_the_holdout_whether_they_visit_or_not(home: Home) -> None:
    """Customers whom an e-mail brought back must be compared with held-out ones who did not come back."""
    write_impressions(home, impression("br", "06-01", assignment(), signed_in=False))
    events = [
        sale("o-1", HELD_OUT, "05-01"),
        sale("o-2", TREATED, "05-02"),
        sale("o-3", "new", "06-10"),
        sale("o-4", "new", "06-20"),
    ]
    shop, exposure_log = shop_of(home, events), read_exposures(home, AS_OF)
    assert holdout_share(exposure_log.exposures) == HOLDOUT
    participants = holdout_participants(exposure_log.exposures, shop.ledger, HOLDOUT)
    arms = dict(participants.visitors.select("visitor", "arm").iter_rows())
    assert (arms[HELD_OUT], arms[TREATED], arms["br"], len(arms)) == ("held_out", "perennial", "perennial", 4)
    assert participants.began == at("06-01")
    customers = shop.customers.with_columns(predicted_365d=pl.lit(0.0))
    rows = outcomes(participants.visitors, orders_by_person(home, exposure_log, shop), customers, START, END)
    revenue = dict(rows.select("visitor", "revenue").iter_rows())
    assert (revenue[HELD_OUT], revenue["new"]) == (0.0, 10.0)  # of new customers, the second order


def test_nobody_was_held_out(home: Home) -> None:
    exposure_log = read_exposures(home, AS_OF)
    assert holdout_share(exposure_log.exposures) == 0
    assert len(holdout_participants(exposure_log.exposures, shop_of(home, []).ledger, 0.05).visitors) == 0
