"""Keys open their own doors and no others."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime

import httpx
import pytest
import redis

from api.web.access import is_local
from features.merchant.api_keys import create_key, revoke_key

from waiting import eventually

ROUTES = {
    ("GET", "/v1/recommendations?placement=home"): "public",
    ("POST", "/v1/recommendations"): "public",
    ("POST", "/v1/events"): "public",
    ("GET", "/v1/catalogue"): "secret",
    ("PUT", "/v1/catalogue"): "secret",
    ("GET", "/v1/merchandising"): "secret",
    ("PUT", "/v1/merchandising"): "secret",
    ("POST", "/v1/merchandising/preview"): "secret",
    ("GET", "/healthz"): "none",
    ("GET", "/readyz"): "none",
    ("GET", "/metrics"): "none",
    ("GET", "/docs"): "none",
    ("GET", "/widget.js"): "none",
}
OPENS = {
    "none": {"none"},
    "public": {"none", "public"},
    "secret": {"none", "public", "secret"},
    "revoked": {"none"},
}


@pytest.fixture
def held(url: str, client: redis.Redis) -> dict[str, str | None]:
    """A key of each kind, known to the running service."""
    now = datetime.now(UTC)
    made = {kind: create_key(client, kind, "", now) for kind in ("public", "secret")}  # type: ignore[arg-type]
    revoked = create_key(client, "secret", "", now)
    eventually(lambda: status(url, "GET", "/v1/catalogue", revoked) == 200)
    revoke_key(client, revoked)
    eventually(lambda: status(url, "GET", "/v1/catalogue", revoked) == 401, within_s=5)
    return {"none": None, "revoked": revoked, **made}


def status(url: str, method: str, path: str, key: str | None) -> int:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.request(method, url + path, headers=headers, json={}).status_code


def test_every_route_opens_to_the_keys_that_it_should(url: str, held: Mapping[str, str | None]) -> None:
    for (method, path), needed in ROUTES.items():
        for kind, key in held.items():
            refused = status(url, method, path, key) in {401, 403}
            assert refused == (needed not in OPENS[kind]), (method, path, kind)


def test_a_secret_key_in_an_address_opens_nothing(url: str, held: Mapping[str, str | None]) -> None:
    assert status(url, "GET", f"/v1/catalogue?key={held['secret']}", None) == 401


def test_a_browser_cannot_read_another_customer(url: str, held: Mapping[str, str | None]) -> None:
    def sources(key: str | None, **query: str) -> list[str]:
        headers = {"Authorization": f"Bearer {key}"}
        answer = httpx.get(
            f"{url}/v1/recommendations", params={"placement": "buy_again", **query}, headers=headers
        )
        return [item["source"] for item in answer.json()["items"]]

    secret = held["secret"] or ""
    hashed = hashlib.sha256(secret.encode()).hexdigest()
    token = hmac.new(hashed.encode(), b"ann", "sha256").hexdigest()
    assert "repeat" in sources(secret, customer_id="ann")
    assert "repeat" not in sources(held["public"], customer_id="ann")
    assert "repeat" not in sources(held["public"], customer_id="ann", customer_token="0" * 64)
    assert "repeat" in sources(held["public"], customer_id="ann", customer_token=token)
    assert sources(held["public"], customer_id="ann") == sources(held["public"], customer_id="no such")


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("192.0.2.1", False), ("shop", False)],
)
def test_what_counts_as_local(host: str, local: bool) -> None:
    assert is_local(host) == local
