"""Health, metrics, documentation, live catalogue, models that change, a store that goes away."""

from __future__ import annotations

import threading
from pathlib import Path

import httpx
import pytest
import redis

from api.web.metrics import LATENCY_BUCKETS_S
from features.home import Home
from features.store.settings import StoreSettings
from recommender.model import versions

from bundles import VERSION, write_small
from waiting import eventually

NEWER = "2026-11-23T10-00-00Z"


def products(http: httpx.Client) -> list[str]:
    answer = http.get("/v1/recommendations", params={"placement": "home", "k": 7})
    return [item["product_id"] for item in answer.json()["items"]]


def version(http: httpx.Client) -> str | None:
    return str(http.get("/readyz").json()["model_version"])


def test_health_and_readiness(http: httpx.Client) -> None:
    assert http.get("/healthz").json() == {"status": "ok"}
    ready = http.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["model_version"] == VERSION


def test_metrics_are_told_by_route_and_without_ids(http: httpx.Client) -> None:
    http.get("/v1/recommendations", params={"placement": "home", "customer_id": "someone-private"})
    text = http.get("/metrics").text
    assert 'perennial_request_seconds_count{route="/v1/recommendations",status="200"}' in text
    for stage in ("state", "recommend", "encode"):
        assert f'perennial_stage_seconds_count{{stage="{stage}"}}' in text
    assert "perennial_candidates_total" in text
    assert f'perennial_bundle_created_timestamp_seconds{{version="{VERSION}"}}' in text
    assert f'le="{LATENCY_BUCKETS_S[0]}"' in text
    assert "someone-private" not in text


def test_out_of_stock_products_vanish_and_come_back(http: httpx.Client) -> None:
    assert "mug" in products(http)
    body = {"products": [{"product_id": "mug", "stock": 0}, {"product_id": "tea", "price": -1}]}
    answer = http.put("/v1/catalogue", json=body).json()
    assert answer["accepted"] == 1
    assert "tea" in answer["rejected"]
    assert "mug" not in products(http)
    assert http.get("/v1/catalogue").json() == {"products": [{"product_id": "mug", "stock": 0.0}]}
    http.put("/v1/catalogue", json={"products": [{"product_id": "mug", "stock": 5}]})
    assert "mug" in products(http)


@pytest.mark.parametrize("body", [{}, {"products": 3}, {"products": [{"stock": 1}]}, []])
def test_a_wrong_catalogue_body_is_a_problem(http: httpx.Client, body: object) -> None:
    assert http.put("/v1/catalogue", json=body).status_code == 422


def test_a_new_model_is_taken_over_and_rolled_back(http: httpx.Client, served_home: Home) -> None:
    write_small(served_home.models, NEWER)
    eventually(lambda: version(http) == NEWER)
    versions.rollback(served_home.models)
    eventually(lambda: version(http) == VERSION)


def test_a_change_of_stock_during_a_reload_is_kept(http: httpx.Client, served_home: Home) -> None:
    for round_ in range(10):
        newer = f"2026-11-23T10-00-{round_:02}Z"
        reloading = threading.Thread(target=write_small, args=(served_home.models, newer))
        reloading.start()
        for stock in (0, 5, round_ % 2):
            http.put("/v1/catalogue", json={"products": [{"product_id": "mug", "stock": stock}]})
        reloading.join()
        eventually(lambda newer=newer: version(http) == newer)  # type: ignore[misc]
        assert ("mug" in products(http)) == bool(round_ % 2)


def test_a_damaged_model_never_serves(http: httpx.Client, served_home: Home) -> None:
    write_small(served_home.models / "aside", NEWER)
    damaged = served_home.models / NEWER
    (served_home.models / "aside" / NEWER).rename(damaged)
    (damaged / "titles.blob.npy").write_bytes(b"garbage")
    (served_home.models / versions.CURRENT).write_bytes(
        (served_home.models / "aside" / versions.CURRENT).read_bytes()
    )
    eventually(lambda: "titles.blob.npy" in (http.get("/readyz").json()["model_problem"] or ""))
    assert version(http) == VERSION
    assert products(http)


def test_a_store_that_is_away_degrades_answers_and_nothing_else(
    http: httpx.Client, client: redis.Redis, settings: StoreSettings
) -> None:
    query = {"placement": "home", "customer_id": "ann"}
    client.client_pause(settings.redis_deadline_ms + 300)
    answer = http.get("/v1/recommendations", params=query).json()
    assert answer["degraded"] is True
    assert answer["degraded_reasons"] == ["store_unavailable"]
    assert answer["items"]
    eventually(lambda: not http.get("/v1/recommendations", params=query).json()["degraded"])


def test_the_documentation_is_served_by_us_and_complete(http: httpx.Client) -> None:
    page = http.get("/docs").text
    assert "https://" not in page
    document = http.get("/openapi.json").json()
    names = {field["name"] for field in document["paths"]["/v1/recommendations"]["get"]["parameters"]}
    assert {"placement", "customer_id", "cart", "k", "min_price"} <= names
    assert {"Answer", "Event", "ProblemAnswer", "Received"} <= document["components"]["schemas"].keys()


def test_unknown_routes_are_problems(http: httpx.Client) -> None:
    answer = http.get("/nowhere")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert http.delete("/healthz").json()["status"] == 405


def test_the_page_of_a_home_without_a_demo_says_how_to_get_one(http: httpx.Client, tmp_path: Path) -> None:
    assert "perennial demo" in http.get("/demo").json()["detail"]
