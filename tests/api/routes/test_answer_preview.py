"""Answers that nobody is shown: as real ones are, and without a trace."""

from typing import Any

import httpx
import redis

from features.store import keys

Answers = list[dict[str, Any]]


def preview(http: httpx.Client, *placements: str, viewed: tuple[str, ...] = (), **who: Any) -> Answers:
    body = {"requests": [{"placement": each, "k": 4, **who} for each in placements], "viewed": viewed}
    answer = http.post("/v1/recommendations/preview", json=body)
    assert answer.status_code == 200, answer.text
    answers: Answers = answer.json()["answers"]
    return answers


def shown(answer: dict[str, Any]) -> list[str]:
    return [each["product_id"] for each in answer["items"]]


def test_a_customer_gets_what_they_would_be_shown(http: httpx.Client) -> None:
    real = http.get("/v1/recommendations", params={"placement": "home", "customer_id": "ann", "k": 4}).json()
    home, cart = preview(http, "home", "cart", customer_id="ann")
    assert shown(home) == shown(real)
    assert cart["placement"] == "cart"
    assert home["items"][0]["reason"]["text"]


def test_a_made_up_visit_counts(http: httpx.Client) -> None:
    (nobody,) = preview(http, "home", anonymous_id="made-up")
    (viewer,) = preview(http, "home", anonymous_id="made-up", viewed=("kettle", "mug"))
    assert shown(viewer) != shown(nobody)
    assert any(each["reason"]["code"].startswith("viewed") for each in viewer["items"])


def test_nothing_is_left_of_it(http: httpx.Client, client: redis.Redis) -> None:
    before = set(client.scan_iter())
    preview(http, "home", anonymous_id="made-up", viewed=("kettle",))
    offer = {"anonymous_id": "made-up", "cart": ["kettle"], "preview": True}
    assert http.post("/v1/offers", json=offer).json()["decision_id"] is None
    assert client.xlen(keys.served_stream()) == 0
    assert set(client.scan_iter()) == before


def test_a_public_key_previews_nothing(http: httpx.Client) -> None:
    body = {"requests": [{"placement": "home"}]}
    public = {"Authorization": "Bearer pk_demo"}
    assert http.post("/v1/recommendations/preview", json=body, headers=public).status_code == 403
