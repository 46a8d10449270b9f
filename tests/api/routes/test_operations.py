"""Health, metrics, documentation, and problems of routes that do not exist."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
import redis

from api.web.metrics import LATENCY_BUCKETS_S
from features.connections.arrivals import note_sync, passed
from features.connections.settings_file import save_connection
from features.home import Home

from bundles import VERSION


def test_health_and_readiness(http: httpx.Client) -> None:
    assert http.get("/healthz").json() == {"status": "ok"}
    ready = http.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["model_version"] == VERSION


def test_metrics_are_by_route_and_hold_no_ids(http: httpx.Client) -> None:
    http.get("/v1/recommendations", params={"placement": "home", "customer_id": "someone-private"})
    text = http.get("/metrics").text
    assert 'perennial_request_seconds_count{route="/v1/recommendations",status="200"}' in text
    for stage in ("state", "recommend", "encode"):
        assert f'perennial_stage_seconds_count{{stage="{stage}"}}' in text
    assert "perennial_candidates_total" in text
    assert f'perennial_bundle_created_timestamp_seconds{{version="{VERSION}"}}' in text
    assert f'le="{LATENCY_BUCKETS_S[0]}"' in text
    assert "someone-private" not in text


def test_metrics_count_what_passed_to_connected_services(
    http: httpx.Client, served_home: Home, client: redis.Redis
) -> None:
    save_connection(served_home, "klaviyo", {"key": "secret-key"})
    note_sync(client, passed("klaviyo", "customers", datetime.now(UTC), 3))
    text = http.get("/metrics").text
    assert 'perennial_connection_messages_total{kind="customers",service="klaviyo"} 3.0' in text
    assert "secret-key" not in text


def test_the_documentation_is_served_by_us_and_complete(http: httpx.Client) -> None:
    page = http.get("/docs").text
    assert "https://" not in page
    document = http.get("/openapi.json").json()
    names = {field["name"] for field in document["paths"]["/v1/recommendations"]["get"]["parameters"]}
    assert {"placement", "customer_id", "cart", "k", "min_price"} <= names
    assert {"Answer", "SentEvent", "ProblemAnswer", "Received"} <= document["components"]["schemas"].keys()


def test_unknown_routes_are_problems(http: httpx.Client) -> None:
    answer = http.get("/nowhere")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert http.delete("/healthz").json()["status"] == 405


def test_the_page_of_a_home_without_a_demo_says_how_to_get_one(http: httpx.Client, tmp_path: Path) -> None:
    assert "perennial demo" in http.get("/demo").json()["detail"]
