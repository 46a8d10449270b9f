"""`perennial serve` as processes: started, refused, killed, stopped."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from api.web.rates import BURST_S
from features.home import Home

from bundles import VERSION, write_small
from serving import NO_CERTIFICATES, perennial, running
from waiting import eventually

VIEW = {"type": "view", "anonymous_id": "a-1", "product_id": "kettle"}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A home with a small model."""
    write_small(Home(tmp_path / "shop").models)
    return tmp_path / "shop"


@pytest.fixture(scope="module")
def served_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of several tests, which has no keys."""
    shop = tmp_path_factory.mktemp("served") / "shop"
    write_small(Home(shop).models)
    return shop


@pytest.fixture(scope="module")
def serving(served_shop: Path) -> Iterator[tuple[psutil.Process, str]]:
    """It is served; a test leaves all parts running."""
    with running("serve", "--home", str(served_shop), "--workers", "2") as (process, url):
        yield psutil.Process(process.pid), url


def first(url: str) -> dict[str, object]:
    query = {"placement": "home", "anonymous_id": "a-1", "k": "1"}
    asked = httpx.get(f"{url}/v1/recommendations", params=query, timeout=10, verify=NO_CERTIFICATES)
    answer: dict[str, object] = asked.json()
    return answer


def child(process: psutil.Process, *words: str) -> psutil.Process:
    return next(each for each in process.children() if set(words) <= set(each.cmdline()))


def redis_of(process: psutil.Process) -> psutil.Process:
    return next(each for each in process.children() if "redis-server" in each.name())


def test_a_second_serve_of_the_same_home_is_refused(
    serving: tuple[psutil.Process, str], served_shop: Path
) -> None:
    process, _ = serving
    second = perennial("serve", "--home", str(served_shop), "--port", "0")
    output, _ = second.communicate(timeout=30)
    assert second.returncode == 1
    assert str(process.pid) in output
    assert "--home" in output


def test_an_acknowledged_event_is_in_the_next_answer_of_every_worker(
    serving: tuple[psutil.Process, str],
) -> None:
    _, url = serving
    for number in range(200):
        view = VIEW | {"anonymous_id": f"a-{number}"}
        assert httpx.post(f"{url}/v1/events", json=view, verify=NO_CERTIFICATES).status_code == 202
        query: dict[str, str | int] = {"placement": "home", "anonymous_id": f"a-{number}", "k": 1}
        answer = httpx.get(f"{url}/v1/recommendations", params=query, verify=NO_CERTIFICATES).json()
        assert answer["items"][0]["source"] == "browsing"


def test_a_limit_holds_for_all_workers_together(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERENNIAL_KEY_REQUESTS_PER_S", "1")
    key = perennial("keys", "create", "secret", "--home", str(shop)).communicate(timeout=60)[0].strip()
    ask: dict[str, Any] = {"headers": {"Authorization": f"Bearer {key}"}, "params": {"placement": "home"}}
    ask["verify"] = NO_CERTIFICATES
    with running("serve", "--home", str(shop), "--workers", "2") as (_, url):
        began = time.monotonic()
        statuses = [httpx.get(f"{url}/v1/recommendations", **ask).status_code for _ in range(60)]
        most = BURST_S + (time.monotonic() - began) + 1  # of two who count at once
    assert set(statuses) == {200, 429}
    assert statuses.count(200) <= most


def test_stock_is_seen_by_every_worker_within_a_second(shop: Path) -> None:
    key = perennial("keys", "create", "secret", "--home", str(shop)).communicate(timeout=60)[0].strip()
    secret = {"Authorization": f"Bearer {key}"}
    gone = {"products": [{"product_id": "mug", "available": False}]}
    with (
        running("serve", "--home", str(shop), "--workers", "2") as (_, url),
        httpx.Client(base_url=url, headers=secret) as http,
    ):
        eventually(lambda: http.put("/v1/catalogue", json=gone).status_code == 200)

        def vanished() -> bool:
            answers = [http.get("/v1/recommendations?placement=home&k=7") for _ in range(10)]
            return all(
                answer.status_code == 200
                and "mug" not in [item["product_id"] for item in answer.json()["items"]]
                for answer in answers
            )

        eventually(vanished, within_s=2)


def test_redis_gone_answers_go_on_degraded(serving: tuple[psutil.Process, str]) -> None:
    process, url = serving
    redis_of(process).suspend()
    answers = [first(url) for _ in range(5)]
    redis_of(process).resume()
    assert all(answer["degraded"] and answer["items"] for answer in answers)
    assert httpx.get(f"{url}/readyz").status_code == 200
    eventually(lambda: first(url)["degraded"] is False)


def test_killed_parts_come_back_and_nothing_acknowledged_is_lost(serving: tuple[psutil.Process, str]) -> None:
    process, url = serving
    assert httpx.post(f"{url}/v1/events", json=VIEW).status_code == 202
    doomed = [child(process, "-m", "api"), child(process, "--role", "worker"), redis_of(process)]
    for part in doomed:
        part.kill()

    def recovered() -> bool:
        try:
            answer = first(url)
        except httpx.TransportError:
            return False
        return answer["degraded"] is False and "browsing" in str(answer["items"])

    eventually(recovered, within_s=15)
    eventually(lambda: len(process.children()) == 4, within_s=15)


def test_when_the_supervisor_is_killed_everything_else_ends_and_can_start_again(shop: Path) -> None:
    with running("serve", "--home", str(shop)) as (process, url):
        assert httpx.post(f"{url}/v1/events", json=VIEW).status_code == 202
        children = psutil.Process(process.pid).children()
        os.kill(process.pid, signal.SIGKILL)
        serving_parts = [each for each in children if "redis-server" not in each.name()]
        _, alive = psutil.wait_procs(serving_parts, timeout=15)
        assert alive == []
    with running("serve", "--home", str(shop)) as (_, url):
        assert "browsing" in str(first(url)["items"])


def test_stopping_leaves_no_process_behind(shop: Path) -> None:
    with running("serve", "--home", str(shop)) as (process, url):
        assert httpx.get(f"{url}/readyz").json()["model_version"] == VERSION
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children()]
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []
    assert process.returncode == 0


def test_a_folder_of_the_shops_own_is_not_taken_for_ours(shop: Path) -> None:
    for name in ("api", "features", "perennial", "training"):
        (shop.parent / name).mkdir()
        (shop.parent / name / "__init__.py").write_text("raise SystemExit('the shop ran, not Perennial')")
    with running("serve", "--home", str(shop), cwd=shop.parent) as (_, url):
        assert first(url)["items"]


def test_a_taken_port_is_told(serving: tuple[psutil.Process, str], tmp_path: Path) -> None:
    port = serving[1].rpartition(":")[2]
    other = perennial("serve", "--home", str(tmp_path / "other"), "--port", port)
    output, _ = other.communicate(timeout=30)
    assert other.returncode == 1
    assert f"port {port} of 127.0.0.1" in output
    assert "in use" in output
    assert "--port" in output


def test_the_url_is_told_when_it_answers(shop: Path) -> None:
    process = perennial("serve", "--home", str(shop), "--port", "0")
    assert process.stdout is not None
    url = next(word for line in process.stdout for word in line.split() if word.startswith("http://"))
    assert httpx.get(f"{url.rstrip(';')}/healthz", timeout=10).json() == {"status": "ok"}
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_an_api_that_cannot_start_ends_the_service_with_its_reason(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text("raise RuntimeError('numpy is damaged')")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    broken = perennial("serve", "--home", str(shop), "--port", "0", env=environment)
    output, _ = broken.communicate(timeout=110)
    assert broken.returncode == 1
    assert output.splitlines()[-1].endswith("failed 3 times to start: RuntimeError: numpy is damaged")
    assert "http://" not in output


def test_a_shop_with_orders_and_no_model_gets_one_while_it_is_served(tmp_path: Path) -> None:
    orders = tmp_path / "orders.jsonl"
    lines = [
        {
            "type": "purchase",
            "customer_id": f"c-{order % 9}",
            "timestamp": f"2026-0{1 + order % 9}-05T10:00:00Z",
        }
        | {
            "order": {
                "order_id": f"o-{order}",
                "items": [{"product_id": f"p-{order % 4}"}, {"product_id": "p-9"}],
            }
        }
        for order in range(60)
    ]
    orders.write_text("\n".join(map(json.dumps, lines)))
    home = str(tmp_path / "shop")
    imported = perennial("import", "orders", str(orders), "--home", home)
    imported.communicate(timeout=60)
    assert imported.returncode == 0
    with running("serve", "--home", home) as (_, url):  # ready means: with a model
        assert first(url)["items"]
