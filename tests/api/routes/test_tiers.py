"""`/v1/tiers`: what a merchant saves is what profiles and triggers go by."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from small_customers import bundle_with_customers

from features.home import Home
from features.merchant.tiers import TIERS_FILE
from features.store.files import changing
from training.worker.trigger_rounds import Lifecycle

from bundles import write_small
from waiting import eventually

SILVER = {"tiers": [{"name": "Silver", "threshold": 50}]}
POINTS = {"by": "points", "points_per_unit": 2, "tiers": [{"name": "Leaf", "threshold": 100}]}


@pytest.fixture
def served_home(tmp_path: Path) -> Home:
    """A home whose model knows ann, who spent 60."""
    home = Home(tmp_path / "shop")
    write_small(home.models, bundle_of=bundle_with_customers)
    return home


def put(http: httpx.Client, plan: dict[str, Any], **others: Any) -> httpx.Response:
    return http.put("/v1/tiers", json={"plan": plan, **others})


def tier(http: httpx.Client) -> str | None:
    tier = http.get("/v1/customers/ann").json()["tier"]
    name: str | None = tier and tier["name"]
    return name


def test_what_is_saved_counts_for_the_next_profile_and_round(
    http: httpx.Client, served_home: Home, client: redis.Redis
) -> None:
    assert (http.get("/v1/tiers").json()["plan"]["tiers"], tier(http)) == ([], None)
    saved = put(http, SILVER)
    assert (saved.status_code, saved.json()["revision"]) == (200, 1)
    assert tier(http) == "Silver"
    assert put(http, POINTS).json()["revision"] == 2
    assert tier(http) == "Leaf"
    assert [each.name for each in Lifecycle(client, served_home).knowledge().tiers.tiers] == ["Leaf"]
    current = http.get("/v1/tiers").json()
    assert current["plan"]["by"] == "points"
    assert [each["revision"] for each in current["versions"]] == [2, 1]
    assert http.get("/v1/tiers", params={"revision": 1}).json()["plan"]["tiers"][0]["name"] == "Silver"
    assert http.get("/v1/tiers", params={"revision": 9}).status_code == 404


def test_a_file_written_by_hand_is_what_stands(http: httpx.Client, served_home: Home) -> None:
    put(http, POINTS)
    (served_home.root / TIERS_FILE).write_text('{"tiers": [{"name": "Gold", "threshold": 10}]}')
    assert http.get("/v1/tiers").json()["plan"]["tiers"][0]["name"] == "Gold"
    (served_home.root / TIERS_FILE).write_text("{")
    broken = http.get("/v1/tiers")
    assert broken.status_code == 200
    assert "tiers.json" in broken.json()["problem"]
    assert put(http, SILVER).json()["problem"] is None
    assert tier(http) == "Silver"


@pytest.mark.parametrize(
    ("plan", "complaint"),
    [
        ({"tiers": [{"name": "A", "threshold": 5}, {"name": "B", "threshold": 5}]}, "above the one before"),
        ({"tiers": [{"name": "A", "threshold": 5}, {"name": "A", "threshold": 9}]}, "same name"),
        ({"tiers": [{"name": "A", "threshold": -1}]}, "0"),
        ({"by": "stars"}, "stars"),
        ({"levels": []}, "levels"),
    ],
)
def test_what_cannot_stand_is_refused_and_changes_nothing(
    http: httpx.Client, plan: dict[str, Any], complaint: str
) -> None:
    put(http, SILVER)
    refused = put(http, plan)
    assert refused.status_code == 422
    assert complaint in refused.text
    assert tier(http) == "Silver"


def test_nobody_s_work_is_lost(http: httpx.Client) -> None:
    put(http, SILVER)
    assert put(http, POINTS, revision=0).status_code == 409
    assert put(http, POINTS, revision=1).status_code == 200


def test_a_save_waits_for_another_that_is_half_way(http: httpx.Client, served_home: Home) -> None:
    with ThreadPoolExecutor(1) as other:
        with changing(served_home.root / TIERS_FILE):
            saving = other.submit(put, http, SILVER)
            assert tier(http) is None
            assert http.get("/v1/tiers").json()["revision"] == 0
        assert saving.result().status_code == 200
    assert tier(http) == "Silver"


def test_a_secret_key_is_needed(http: httpx.Client) -> None:
    public = {"Authorization": "Bearer pk_demo"}
    assert http.get("/v1/tiers", headers=public).status_code == 403
    assert http.put("/v1/tiers", json={"plan": SILVER}, headers=public).status_code == 403


def test_rules_may_be_for_a_tier(http: httpx.Client) -> None:
    hide = {"id": "early", "kind": "hide", "products": ["mug"], "not_for": {"tiers": ["silver"]}}
    assert http.put("/v1/merchandising", json={"rules": [hide]}).status_code == 200

    def shows_mugs(customer: str) -> bool:
        answer = http.get(
            "/v1/recommendations", params={"placement": "home", "k": 7, "customer_id": customer}
        )
        return "mug" in str(answer.json()["items"])

    assert not shows_mugs("ann")
    put(http, SILVER)
    eventually(lambda: shows_mugs("ann"))
    assert not shows_mugs("bob")
