"""Experiments by form: started, watched, ended."""

import json
from typing import Any

import httpx

from features.home import Home
from features.insights.report import Part, Report, table
from features.insights.report_files import write_report

PAGE = "/console/experiments"
BOOST = [{"id": "c", "kind": "boost", "categories": ["Cups"], "factor": 1.5}]
TRY = {
    "name": "Cups first",
    "arm_0": "as is",
    "arm_1": "cups",
    "rules_1": json.dumps(BOOST),
    "placements": ["home"],
    "worthwhile": "10",
    "revision": "0",
}


def experiments(http: httpx.Client) -> list[dict[str, Any]]:
    saved: list[dict[str, Any]] = http.get("/v1/experiments").json()["experiments"]
    return saved


def test_one_is_started_watched_and_ended(console: httpx.Client, http: httpx.Client) -> None:
    assert "No experiment is running" in console.get(PAGE).text
    assert console.get(f"{PAGE}/edit").status_code == 200
    assert console.post(f"{PAGE}/save", data=TRY).status_code == 303
    (saved,) = experiments(http)
    assert (saved["id"], saved["worthwhile"], saved["placements"]) == ("cups-first", 0.1, ["home"])
    assert [arm["id"] for arm in saved["arms"]] == ["as-is", "cups"]
    assert saved["arms"][1]["rules"] == BOOST
    page = console.get(PAGE).text
    assert "Cups first" in page
    assert "1 rule of its own" in page
    console.post(f"{PAGE}/end", data={"id": "cups-first"})
    assert http.get("/v1/experiments").json()["running"] == []


def test_a_running_one_keeps_its_arms(console: httpx.Client, http: httpx.Client) -> None:
    console.post(f"{PAGE}/save", data=TRY)
    answer = console.post(f"{PAGE}/save", data=TRY | {"id": "cups-first", "revision": "1", "weight_1": "3"})
    assert answer.status_code == 422
    assert "is running" in answer.text
    renamed = console.post(f"{PAGE}/save", data=TRY | {"id": "cups-first", "revision": "1", "name": "Cups"})
    assert renamed.status_code == 303
    assert [each["name"] for each in experiments(http)] == ["Cups"]


def test_an_arm_without_offers(console: httpx.Client, http: httpx.Client) -> None:
    arms = {"arm_0": "with", "arm_1": "without", "no_offers_1": "1", "name": "Offers", "revision": "0"}
    console.post(f"{PAGE}/save", data=arms)
    assert [arm.get("offers") for arm in experiments(http)[0]["arms"]] == [None, []]


def test_rules_that_are_no_json_are_said(console: httpx.Client, http: httpx.Client) -> None:
    answer = console.post(f"{PAGE}/save", data=TRY | {"rules_1": "[{"})
    assert answer.status_code == 422
    assert "must be JSON" in answer.text
    assert experiments(http) == []


def test_each_arm_is_told_by_its_figures(console: httpx.Client, served_home: Home) -> None:
    effects = [("better: margin a visitor", 0.536, 0.245, 0.826), ("thin: margin a visitor", 0.1, -0.2, 0.3)]
    arms = [("as is", None, None), ("better", None, "better"), ("thin", 89, "not_enough")]
    told = [
        table(
            "cups", "Cups: better, thin against as is", ["compared", "lift", "lift_low", "lift_high"], effects
        ),
        table("cups:arms", "Cups: the arms", ["arm", "days_to_go", "decision"], arms),
    ]
    write_report(served_home, Report("experiments", "", "2026-06-30", [Part("EUR", [], told)]))
    page = console.get(PAGE).text
    assert "“better” is better than “as is”: it brings 53.6% more a visitor" in page
    assert "About 89 days to go." in page
