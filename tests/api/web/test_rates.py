"""Nobody takes what is there for all: limits by key and address.

Covers api/web/callers.py and debts.py, too.
"""

from datetime import UTC, datetime

import httpx
import pytest
from fastapi import Request

from api.web.callers import address_of, is_own_name, is_this_machine
from api.web.debts import Debts, number_of, places_of, shared_memory
from api.web.rates import BURST_S, TokenBucket
from api.web.settings import ApiSettings
from features.home import Home
from features.merchant.api_keys import add_demo_keys

ASK = "/v1/recommendations?placement=home&k=1"
PUBLIC, SECRET = {"Authorization": "Bearer pk_demo"}, {"Authorization": "Bearer sk_demo"}


@pytest.fixture
def api_settings() -> ApiSettings:
    return ApiSettings(
        watch_interval_ms=20, drain_s=1, visitor_requests_per_s=0.5, visitor_event_kb_per_s=0.1
    )


def test_a_bucket_gives_a_burst_and_then_its_rate() -> None:
    bucket = TokenBucket("test", 2, Debts())
    burst = int(2 * BURST_S)
    assert [bucket.take("a", 1, 100.0) for _ in range(burst)] == [0.0] * burst
    assert bucket.take("a", 1, 100.0) == pytest.approx(0.5)
    assert bucket.take("b", 1, 100.0) == 0.0
    assert bucket.take("a", 1, 100.5) == 0.0
    assert bucket.take("a", 1, 100.5) > 0
    assert bucket.take("c", 10**9, 100.0) == 0.0  # more than any burst, from a full bucket
    assert TokenBucket("none", 0, Debts()).take("a", 10**9, 0.0) == 0.0


def test_processes_count_a_caller_together() -> None:
    with shared_memory() as file:
        here, there = (TokenBucket("test", 1, Debts(file.fileno())) for _ in range(2))
    alone = TokenBucket("test", 1, Debts())
    assert here.take("a", BURST_S, 100.0) == 0.0
    assert there.take("a", 1, 100.0) == pytest.approx(1.0)
    assert alone.take("a", 1, 100.0) == 0.0


def test_buckets_of_two_names_have_nothing_to_do_with_each_other() -> None:
    debts = Debts()
    assert TokenBucket("one", 1, debts).take("a", BURST_S, 100.0) == 0.0
    assert TokenBucket("other", 1, debts).take("a", BURST_S, 100.0) == 0.0


def test_callers_who_owe_least_are_forgotten_first() -> None:
    """Of callers who share their few slots."""
    debts, place = Debts(), places_of(number_of("greedy"))
    neighbours = [number for number in range(300_000) if places_of(number_of(number)) == place]
    debts.keep("greedy", 109.0)
    for owed, caller in enumerate(neighbours):
        debts.keep(caller, 100.0 + owed / 100)
    assert debts.until("greedy") == 109.0
    assert debts.until(neighbours[-1]) == 100.0 + (len(neighbours) - 1) / 100
    assert debts.until(neighbours[0]) == 0.0


def test_one_address_is_limited_and_no_other(url: str) -> None:
    def ask(address: str, **headers: str) -> httpx.Response:
        return httpx.get(url + ASK, headers={**PUBLIC, "X-Forwarded-For": address, **headers})

    answers = [ask("203.0.113.7") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    refused = answers[-1]
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == refused.headers["ratelimit-reset"]
    assert 1 <= int(refused.headers["retry-after"]) <= 2
    assert refused.headers["ratelimit-limit"] == "5"
    assert refused.headers["ratelimit-remaining"] == "0"
    assert ask("203.0.113.8").status_code == 200
    assert ask("203.0.113.7", **SECRET).status_code == 200
    assert httpx.get(url + ASK, headers=PUBLIC).status_code == 200
    assert 'perennial_refused_total{reason="rate"}' in httpx.get(f"{url}/metrics").text


def test_new_ids_cannot_fill_the_store(url: str) -> None:
    def send(number: int) -> int:
        views = [
            {"type": "view", "anonymous_id": f"a-{number}-{each}", "product_id": "mug"} for each in range(10)
        ]
        sender = {**PUBLIC, "X-Forwarded-For": f"2001:db8::{number}"}  # all of one network
        return httpx.post(f"{url}/v1/events", json={"events": views}, headers=sender).status_code

    assert [send(number) for number in range(3)] == [202, 429, 429]
    assert httpx.post(f"{url}/v1/events", json={"events": []}, headers=SECRET).status_code == 202


def test_demo_keys_answer_under_this_machines_names_alone(url: str) -> None:
    port = url.rpartition(":")[2]

    def asked_as(host: str, key: dict[str, str]) -> int:
        return httpx.get(url + ASK, headers={**key, "Host": host}).status_code

    for host in (f"127.0.0.1:{port}", f"localhost:{port}", "[::1]", "LOCALHOST"):
        assert asked_as(host, SECRET) == 200, host
    for host in (f"evil.example:{port}", "localhost.evil.example", "127.0.0.1.evil.example", ""):
        assert asked_as(host, SECRET) == 401, host
        assert asked_as(host, PUBLIC) == 401, host


def test_what_operators_see_is_shut_to_others(url: str, served_home: Home) -> None:
    add_demo_keys(served_home, None, datetime.now(UTC))
    far = {"X-Forwarded-For": "203.0.113.7"}
    metrics = f"{url}/metrics"
    assert httpx.get(metrics).status_code == 200
    assert httpx.get(metrics, headers=far).status_code == 401
    assert httpx.get(metrics, headers={"Host": "evil.example"}).status_code == 401
    assert httpx.get(metrics, headers={**far, **PUBLIC}).status_code == 403
    assert httpx.get(metrics, headers={**far, **SECRET}).status_code == 200
    assert httpx.get(f"{url}/healthz", headers=far).status_code == 200


def request(client: str, *headers: tuple[bytes, bytes]) -> Request:
    return Request({"type": "http", "client": (client, 1), "headers": list(headers), "query_string": b""})


def test_who_counts_as_this_machine() -> None:
    host = (b"host", b"localhost:8000")
    assert is_this_machine(request("127.0.0.1", host))
    assert is_this_machine(request("::1", host))
    assert not is_this_machine(request("192.0.2.1", host))
    assert not is_this_machine(request("127.0.0.1", host, (b"x-forwarded-for", b"127.0.0.1")))
    assert not is_this_machine(request("127.0.0.1", host, host))
    assert not is_this_machine(request("127.0.0.1"))
    assert is_own_name(request("192.0.2.1", (b"host", b"shop.example")), ["shop.example"])


@pytest.mark.parametrize(
    ("client", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:0:1:2:3:4:5", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("no:address", "no:address"),
    ],
)
def test_an_ipv6_network_is_one_caller(client: str, address: str) -> None:
    assert address_of(request(client)) == address


def test_operators_are_networks() -> None:
    settings = ApiSettings(operators="10.0.0.0/8, 192.0.2.1")  # type: ignore[arg-type]  # as in the environment
    assert settings.operators == ("10.0.0.0/8", "192.0.2.1")
    with pytest.raises(ValueError, match="shop"):
        ApiSettings(operators="shop")  # type: ignore[arg-type]
