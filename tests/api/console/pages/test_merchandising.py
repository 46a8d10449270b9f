"""Rules by form: looked at first, saved, in the next answer, and undone."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from features.home import Home
from features.merchant.users import add_user

PAGE = "/console/merchandising"
HIDE = {"kind": "hide", "name": "No mugs", "products": "mug", "revision": "0"}


def shown(http: httpx.Client) -> list[str]:
    answer = http.get("/v1/recommendations", params={"placement": "home", "k": 3})
    return [item["product_id"] for item in answer.json()["items"]]


def saved(http: httpx.Client) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = http.get("/v1/merchandising").json()["rules"]
    return rules


def save(console: httpx.Client, **fields: str) -> httpx.Response:
    return console.post(f"{PAGE}/save", data=HIDE | fields)


def test_a_rule_is_looked_at_saved_and_undone(console: httpx.Client, http: httpx.Client) -> None:
    before = shown(http)
    assert "mug" in before
    looked = console.post(f"{PAGE}/preview", data={**HIDE, "ask_placement": "home"})
    assert "goes" in looked.text
    assert shown(http) == before
    kept = console.get(save(console).headers["location"])
    assert "No mugs" in kept.text
    assert saved(http) == [{"id": "no-mugs", "name": "No mugs", "kind": "hide", "products": ["mug"]}]
    assert "mug" not in shown(http)
    console.post(f"{PAGE}/restore", data={"revision": "0"})
    assert shown(http) == before


def test_each_kind_has_a_form_whose_rule_is_taken(console: httpx.Client, http: httpx.Client) -> None:
    filled = {
        "boost": {"brands": "Fern, Clay", "factor": "1.5"},
        "bury": {"categories": "Cups", "factor": "0.5", "newer_than_days": "30"},
        "pin": {"product_id": "tin", "position": "1"},
        "cap": {"by": "brand", "most": "2"},
        "diversity": {"by": "category", "in_a_row": "1"},
        "rotation": {"days": "3"},
        "margin": {"minimum": "20"},
    }
    for revision, (kind, fields) in enumerate(filled.items()):
        assert console.get(f"{PAGE}/edit", params={"kind": kind}).status_code == 200
        fields |= {"kind": kind, "revision": str(revision), "name": kind, "audience_countries": "DE, AT"}
        answer = console.post(f"{PAGE}/save", data=fields | {"from": "2026-12-01T09:30"})
        assert answer.status_code == 303, answer.text
    rules = saved(http)
    assert [rule["kind"] for rule in rules] == list(filled)
    assert rules[0]["brands"] == ["Fern", "Clay"]
    assert rules[-1]["minimum"] == 0.2
    assert {rule["from"] for rule in rules} == {"2026-12-01T09:30:00Z"}
    assert all(rule["audience"] == {"countries": ["DE", "AT"]} for rule in rules)
    edited = console.get(f"{PAGE}/edit", params={"rule": "pin"}).text
    assert 'value="tin"' in edited
    assert 'value="2026-12-01T09:30"' in edited


def test_what_is_wrong_is_said_and_what_was_written_stays(console: httpx.Client, http: httpx.Client) -> None:
    answer = save(console, kind="boost", factor="0.5", name='A "name" <b>')
    assert answer.status_code == 422
    assert "factor" in answer.text
    assert "A &#34;name&#34; &lt;b&gt;" in answer.text
    assert saved(http) == []


def test_nobody_overwrites_what_another_has_saved_meanwhile(
    console: httpx.Client, http: httpx.Client
) -> None:
    save(console)
    answer = save(console, name="Late", products="tea")
    assert answer.status_code == 422
    assert "revision" in answer.text
    assert [rule["id"] for rule in saved(http)] == ["no-mugs"]


def test_a_rule_is_removed(console: httpx.Client, http: httpx.Client) -> None:
    save(console)
    console.post(f"{PAGE}/remove", data={"rule": "no-mugs"})
    assert saved(http) == []


@pytest.mark.parametrize("query", [{"kind": "nonsense"}, {}])
def test_there_is_no_form_of_another_kind(console: httpx.Client, query: dict[str, str]) -> None:
    assert console.get(f"{PAGE}/edit", params=query).status_code == 404


def test_a_viewer_sees_and_changes_nothing(
    visitor: httpx.Client, served_home: Home, http: httpx.Client
) -> None:
    add_user(served_home, "vera", "viewer", "correct horse", datetime(2026, 12, 1, tzinfo=UTC))
    visitor.post("/console/sign-in", data={"name": "vera", "secret": "correct horse"})
    assert visitor.get(PAGE).status_code == 200
    refused = save(visitor)
    assert refused.status_code == 403
    assert "merchandiser" in refused.text
    assert saved(http) == []
