"""What needs the owner's attention, over HTTP: what is so now, and what the worker saw.

Covers api/serving/attention.py, too.
"""

from datetime import UTC, datetime, timedelta

import httpx

from features.home import Home
from features.insights.attention import Attention, AttentionReport, write_attention
from features.insights.days import CurrencyDays, ShopDays, Sums, write_days
from features.insights.recommendation_days import RecommendationDays, write_recommendation_days
from features.insights.report import Part, Report, table
from features.insights.report_files import write_report

NOW = datetime.now(UTC)
TODAY = NOW.date()
EXPERIMENT = {"id": "cosy", "arms": [{"id": "a"}, {"id": "b"}]}
OFFERS = {"budgets": [{"id": "spring", "amount": 0.0}], "offers": []}


def asked(http: httpx.Client) -> dict[tuple[str, str | None], dict[str, str]]:
    items = http.get("/v1/attention").json()["items"]
    assert all(each["saw"] and each["remedy"] for each in items)
    return {(each["code"], each.get("about")): each for each in items}


def days_of(home: Home, lately: int, agreed: int = 10) -> None:
    """A shop with two orders of new customers a day, and `lately` ones in each of the last three days."""
    days = [Sums(orders=2, customers=2)] * 57 + [Sums(orders=lately)] * 3
    part = CurrencyDays("EUR", TODAY - timedelta(days=60), days)
    write_days(home, ShopDays(TODAY, TODAY - timedelta(days=1), [part], agreed=agreed))


def test_a_shop_that_is_well_but_for_its_pages(http: httpx.Client, served_home: Home) -> None:
    days_of(served_home, lately=2)
    assert asked(http).keys() == {("origins", None)}


def test_what_the_worker_saw_and_what_is_so_now(http: httpx.Client, served_home: Home) -> None:
    saw = [Attention("disk", "1 GB free", "Make room"), Attention("origins", "old", "old")]
    write_attention(served_home, AttentionReport(NOW, saw))
    answer = http.get("/v1/attention").json()
    assert datetime.fromisoformat(answer["looked_at"]) == NOW
    items = asked(http)
    assert items["disk", None]["remedy"] == "Make room"
    assert items["origins", None]["saw"] == "none"


def test_orders_that_stopped_and_customers_who_did_not_agree(http: httpx.Client, served_home: Home) -> None:
    days_of(served_home, lately=0, agreed=1)
    items = asked(http)
    assert items["no_orders", None]["saw"] == "none for 3 days, 2 a day before"
    assert items["consent", None]["saw"] == "1 of 114 customers agreed to e-mails"


def test_figures_that_are_old(http: httpx.Client, served_home: Home) -> None:
    write_days(served_home, ShopDays(TODAY - timedelta(days=9), TODAY, [CurrencyDays("EUR", TODAY, [])]))
    assert ("old_figures", None) in asked(http)


def test_recommendations_that_nobody_sees_or_names(http: httpx.Client, served_home: Home) -> None:
    nothing = RecommendationDays(TODAY, TODAY, TODAY, "EUR", False)
    write_recommendation_days(served_home, nothing)
    assert ("nothing_shown", None) in asked(http)


def test_an_experiment_that_is_decided_is_news(http: httpx.Client, served_home: Home) -> None:
    assert http.put("/v1/experiments", json={"experiments": [EXPERIMENT]}).status_code == 200
    effects = table("cosy", "", ["arm"], [], None, "It is better: +1.")
    for decision, is_decided in (("not_enough", False), ("better", True)):
        arms = table("cosy:arms", "", ["arm", "decision"], [["a", None], ["b", decision]])
        write_report(served_home, Report("experiments", "", "2026-06-30", [Part("EUR", [], [effects, arms])]))
        assert (("experiment_decided", "cosy") in asked(http)) is is_decided
    assert asked(http)["experiment_decided", "cosy"]["saw"] == "It is better: +1."


def test_a_budget_that_is_spent(http: httpx.Client) -> None:
    saved = http.put("/v1/offers/catalogue", json={"catalogue": OFFERS})
    assert saved.status_code == 200, saved.text
    assert asked(http)["budget_spent", "spring"]["saw"] == "100% promised"
