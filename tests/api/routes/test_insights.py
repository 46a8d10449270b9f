"""The figures over HTTP: who may see them, and what is said before there are any."""

from datetime import date

import httpx
import pytest

from features.home import Home
from features.insights.days import CurrencyDays, ShopDays, Sums, write_days
from features.insights.report import Part, Report, figure, table
from features.insights.report_files import INSIGHTS, write_report
from training.reports.earned import PERIOD_COLUMNS


def test_a_report_is_answered_as_it_was_written(http: httpx.Client, served_home: Home) -> None:
    write_report(
        served_home, Report("kpi", "Key figures", "2026-06-30", [Part("EUR", [figure("aov", 12.5)])])
    )
    answer = http.get("/v1/insights/kpi")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, no-store"
    (part,) = answer.json()["parts"]
    assert part["currency"] == "EUR"
    assert part["figures"][0]["value"] == 12.5
    assert part["figures"][0]["definition"] == "Revenue over orders."


def test_figures_of_another_day_are_not_passed_off_as_those_asked_for(
    http: httpx.Client, served_home: Home
) -> None:
    write_report(served_home, Report("kpi", "Key figures", "2026-06-30", []))
    assert http.get("/v1/insights/kpi", params={"as_of": "2026-06-30"}).status_code == 200
    refused = http.get("/v1/insights/kpi", params={"as_of": "2026-05-31"})
    assert refused.status_code == 422
    assert "perennial report kpi --about kpi --as-of 2026-05-31" in refused.json()["detail"]
    assert http.get("/v1/insights/kpi", params={"as_of": "May"}).status_code == 422


def test_key_figures_of_a_period_come_with_those_before_and_what_was_earned(
    http: httpx.Client, served_home: Home
) -> None:
    part = CurrencyDays("EUR", date(2026, 6, 1), [Sums(revenue=float(day), orders=1) for day in range(1, 31)])
    write_days(served_home, ShopDays(date(2026, 6, 30), date(2026, 6, 29), [part]))
    earned = table("earned", "", PERIOD_COLUMNS, [[7, 9.0, 1.0, 17.0, "revenue", 40, "Perennial earned 9."]])
    write_report(served_home, Report("experiments", "", "2026-06-30", [Part("EUR", [], [earned])]))
    week = http.get("/v1/insights/kpi", params={"days": 7}).json()
    assert week["period"] == {"first": "2026-06-23", "last": "2026-06-29"}
    assert week["headline"] == "Perennial earned 9."
    figures = {each["name"]: each for each in week["parts"][0]["figures"]}
    assert (figures["revenue"]["value"], figures["revenue"]["before"]) == (182.0, 133.0)
    assert (figures["earned"]["low"], figures["earned"]["high"]) == (1.0, 17.0)
    earlier = http.get("/v1/insights/kpi", params={"from": "2026-06-10", "to": "2026-06-16"}).json()
    assert earlier["headline"] == ""  # as long, but another time than that of the estimate
    both = http.get("/v1/insights/kpi", params={"from": "2026-06-02", "to": "2026-12-31"}).json()
    assert both["period"] == {"first": "2026-06-02", "last": "2026-06-30"}


@pytest.mark.parametrize(
    "ask",
    [
        {"days": 0},
        {"days": 7, "from": "2026-06-01"},
        {"to": "2026-06-01"},
        {"from": "2026-06-02", "to": "2026-06-01"},
    ],
)
def test_a_period_that_is_none_is_refused(http: httpx.Client, ask: dict[str, str]) -> None:
    assert http.get("/v1/insights/kpi", params=ask).status_code == 422


def test_what_is_of_all_time_is_not_passed_off_as_of_a_period(http: httpx.Client) -> None:
    refused = http.get("/v1/insights/cohorts", params={"days": 7})
    assert (refused.status_code, "of all time" in refused.json()["detail"]) == (422, True)


def test_before_the_first_training_it_says_how_to_get_figures(http: httpx.Client) -> None:
    for name in INSIGHTS:
        answer = http.get(f"/v1/insights/{name}")
        assert (name, answer.status_code) == (name, 404)
        assert answer.headers["content-type"] == "application/problem+json"
        assert "perennial train" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["nonsense", "customers", "rejects-x.csv", "..%2fkpi", "%2e%2e"])
def test_there_is_nothing_else(http: httpx.Client, served_home: Home, name: str) -> None:
    (served_home.reports / "customers.json").write_text("secret")
    answer = http.get(f"/v1/insights/{name}")
    assert answer.status_code == 404
    assert "secret" not in answer.text


@pytest.mark.parametrize("path", ["/v1/insights/kpi", "/v1/customers/ann"])
def test_only_a_secret_key_opens_them(url: str, path: str) -> None:
    wrong = [f"Bearer {key}" for key in ("pk_demo", "sk_other")]
    assert httpx.get(url + path).status_code == 401
    assert [httpx.get(url + path, headers={"Authorization": key}).status_code for key in wrong] == [403, 401]
