"""Keys open their own doors and no others.

Covers api/serving/security.py and api/serving/shoppers.py, too.
"""

import hashlib
import hmac
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import redis
from fastapi import Request

from api.web.access import Access
from api.web.callers import is_loopback
from api.web.problems import Problem
from features.home import Home
from features.merchant.api_keys import PREFIXES, add_demo_keys, create_key, read_keys, revoke_key
from features.store.redis_server import RedisServer

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
    ("DELETE", "/v1/customers/eve"): "secret",
    ("GET", "/v1/customers/eve/export"): "secret",
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
def held(url: str, served_home: Home, client: redis.Redis) -> dict[str, str | None]:
    """A key of each kind, known to the running service."""
    now = datetime.now(UTC)
    made: dict[str, str | None] = {
        scope: create_key(served_home, client, scope, "", now) for scope in PREFIXES
    }
    revoked = create_key(served_home, client, "secret", "", now)
    eventually(lambda: status(url, "GET", "/v1/catalogue", revoked) == 200)
    revoke_key(served_home, client, revoked)
    eventually(lambda: status(url, "GET", "/v1/catalogue", revoked) == 401, within_s=5)
    return {"none": None, "revoked": revoked, **made}


def status(url: str, method: str, path: str, key: str | None) -> int:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.request(method, url + path, headers=headers, json={}, timeout=120).status_code


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
    assert is_loopback(host) == local


ASK, READ = "/v1/recommendations?placement=home", "/v1/catalogue"
Serve = Callable[[Home, str], AbstractContextManager[str]]


def kill(server: RedisServer) -> None:
    with redis.Redis.from_url(server.url) as client:
        os.kill(int(client.info("server")["process_id"]), signal.SIGKILL)
    eventually(lambda: not server.alive())


def made(home: Home, redis_url: str) -> tuple[str, str]:
    """A public and a secret key of the home's own."""
    with redis.Redis.from_url(redis_url) as client:
        now = datetime.now(UTC)
        return create_key(home, client, "public", "", now), create_key(home, client, "secret", "", now)


def degraded(url: str, key: str) -> list[str]:
    answer = httpx.get(url + ASK, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200
    assert answer.json()["items"]
    assert answer.json()["degraded"] == bool(answer.json()["degraded_reasons"])
    return list(answer.json()["degraded_reasons"])


def test_an_empty_store_opens_no_door_and_shuts_none(
    served_home: Home, redis_url: str, client: redis.Redis, serve: Serve
) -> None:
    public, secret = made(served_home, redis_url)
    client.flushall()
    with serve(served_home, redis_url) as url:
        for _ in range(2):
            assert degraded(url, public) == []
            assert status(url, "GET", READ, secret) == 200
            assert [status(url, "GET", ASK, key) for key in ("sk_demo", "pk_demo", None)] == [401] * 3
            assert status(url, "GET", READ, "sk_demo") == 401
            client.flushall()


def test_without_redis_known_keys_open_what_they_opened(
    served_home: Home, own_redis: RedisServer, serve: Serve
) -> None:
    """Whether it went away before the start or after."""
    public, secret = made(served_home, own_redis.url)
    with serve(served_home, own_redis.url) as url:
        assert degraded(url, public) == []
        kill(own_redis)
        eventually(lambda: degraded(url, public) == ["store_unavailable"])
        assert status(url, "GET", READ, "sk_demo") == 401
    with serve(served_home, own_redis.url) as url:
        assert degraded(url, public) == ["store_unavailable"]
        assert degraded(url, secret) == ["store_unavailable"]
        assert [status(url, "GET", ASK, key) for key in ("sk_demo", "pk_other", None)] == [401] * 3
        assert status(url, "GET", READ, "sk_demo") == 401


def test_keys_that_nobody_can_tell_open_nothing_but_general_answers(
    served_home: Home, own_redis: RedisServer, serve: Serve
) -> None:
    """No file in the home yet, and Redis away."""
    kill(own_redis)
    with serve(served_home, own_redis.url) as url:
        assert degraded(url, "pk_any") == ["keys_unknown"]
        refused = httpx.get(url + READ, headers={"Authorization": "Bearer sk_demo"})
        assert refused.status_code == 503
        assert refused.headers["content-type"] == "application/problem+json"
        assert "cannot be checked" in refused.json()["detail"]
        assert status(url, "GET", ASK, "sk_demo") == 503
        assert status(url, "GET", READ, "pk_any") == 403
        assert status(url, "POST", "/v1/events", "pk_any") == 503
        assert status(url, "GET", ASK, None) == 401
        own_redis.ensure_running()
        eventually(lambda: status(url, "GET", ASK, "pk_any") == 401)


def test_a_revoked_key_is_refused_in_every_process_within_five_seconds(
    served_home: Home, client: redis.Redis, redis_url: str, serve: Serve
) -> None:
    _, secret = made(served_home, redis_url)
    with serve(served_home, redis_url) as one, serve(served_home, redis_url) as two:
        assert [status(url, "GET", READ, secret) for url in (one, two)] == [200, 200]
        revoke_key(served_home, client, secret)
        eventually(lambda: {status(url, "GET", READ, secret) for url in (one, two)} == {401}, within_s=5)


def test_a_key_revoked_while_redis_is_away_is_refused(
    served_home: Home, own_redis: RedisServer, serve: Serve
) -> None:
    public, _ = made(served_home, own_redis.url)
    with serve(served_home, own_redis.url) as url, redis.Redis.from_url(own_redis.url) as client:
        kill(own_redis)
        assert status(url, "GET", ASK, public) == 200
        revoke_key(served_home, client, public)
        eventually(lambda: status(url, "GET", ASK, public) == 401, within_s=5)


def test_the_demos_keys_open_the_demos_home_alone(
    served_home: Home, redis_url: str, client: redis.Redis, serve: Serve, tmp_path: Path
) -> None:
    other = Home(tmp_path / "other")
    other.root.mkdir()
    with serve(other, redis_url) as url:
        assert [status(url, "GET", READ, key) for key in ("sk_demo", "pk_demo")] == [401, 401]
        assert status(url, "GET", ASK, None) == 200  # this machine alone, and no keys yet
        refused = httpx.get(url + READ)
        assert refused.status_code == 403
        assert "perennial keys create secret" in refused.json()["detail"]
    client.flushall()
    add_demo_keys(served_home, None, datetime.now(UTC))
    with serve(served_home, redis_url) as url:
        assert status(url, "GET", READ, "sk_demo") == 200
        assert status(url, "GET", READ, "pk_demo") == 403
        assert status(url, "GET", ASK, None) == 401


def test_beyond_this_machine_a_demo_is_shut(served_home: Home) -> None:
    add_demo_keys(served_home, None, datetime.now(UTC))
    own = read_keys(served_home)
    assert own is not None
    headers = [(b"authorization", b"Bearer sk_demo"), (b"host", b"localhost:8000")]
    request = Request({"type": "http", "headers": headers, "query_string": b""})
    assert Access(local=True, keys=own.keys).scope_of(request) == "secret"
    with pytest.raises(Problem, match="not known"):
        Access(local=False, keys=own.keys).scope_of(request)
