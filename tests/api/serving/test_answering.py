"""Widgets, pages and e-mail picks take the same way to an answer; each waits for Redis as long as it may."""

import json
from typing import Any

import httpx
import pytest
import redis
from impression_log import impressions

from features.store.settings import StoreSettings

from waiting import eventually

PAUSE_MS = 1_500


@pytest.fixture(scope="session")
def settings() -> StoreSettings:
    """The hot path's deadline is a shop's own; e-mail picks wait for longer than the pause."""
    return StoreSettings(redis_url=None, redis_batch_deadline_ms=10_000, holdout=0)


def widget(http: httpx.Client, placement: str = "home", customer: str = "ann") -> dict[str, Any]:
    query: dict[str, str | int] = {
        "placement": placement,
        "customer_id": customer,
        "session_id": "s-1",
        "k": 3,
    }
    answer: dict[str, Any] = http.get("/v1/recommendations", params=query).json()
    return answer


def picks(http: httpx.Client, customer: str = "ann", **query: Any) -> dict[str, Any]:
    answer: dict[str, Any] = http.get(f"/v1/customers/{customer}/picks", params={"k": 3, **query}).json()
    return answer


def product_ids(answer: dict[str, Any]) -> set[str]:
    return {item["product_id"] for item in answer["items"]}


def test_on_a_slow_redis_picks_still_avoid_what_was_sent_and_a_widget_does_not_wait(
    http: httpx.Client, client: redis.Redis
) -> None:
    sent = picks(http)
    client.client_pause(PAUSE_MS)
    assert widget(http)["degraded_reasons"] == ["store_unavailable"]
    lately = picks(http)
    assert (sent["degraded"], lately["degraded"]) == (False, False)
    assert not product_ids(lately) & product_ids(sent)


def test_every_way_to_an_answer_is_noted_alike(http: httpx.Client, client: redis.Redis) -> None:
    page = {"requests": [{"placement": "home", "customer_id": "ann", "session_id": "s-1", "k": 3}]}
    answers = [
        widget(http),
        http.post("/v1/recommendations", json=page).json()["answers"][0],
        picks(http, campaign="welcome"),
    ]
    picks(http, preview=True)  # is not sent: no impression
    eventually(lambda: len(impressions(client)) == len(answers))
    for answer, record in zip(answers, impressions(client), strict=True):
        assert record.recommendation_id == answer["recommendation_id"]
        assert record.product_ids == tuple(item["product_id"] for item in answer["items"])
        assert record.sources == tuple(item["source"] for item in answer["items"])
        assert (record.placement, record.customer_id) == ("home", "ann")
        assert record.model_version == answer["model_version"]
        assert json.loads(record.parameters or "")["placement"] == record.placement
    assert [record.session_id for record in impressions(client)] == ["s-1", "s-1", None]
