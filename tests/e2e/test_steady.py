"""Nothing but SIGTERM ends the service: each part is killed, hung or damaged, and it answers on."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import httpx
import psutil
import pytest

from features.home import Home

from bundles import write_small
from scale import FAULT_S
from serving import NO_CERTIFICATES, running
from waiting import eventually

OLD = "2026-01-01T10-00-00Z"

Service = tuple[psutil.Process, str, Home]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    home = Home(tmp_path_factory.mktemp("steady") / "home")
    write_small(home.models, OLD)
    write_small(home.models)
    with running("serve", "--home", str(home.root)) as (process, url):
        yield psutil.Process(process.pid), url, home


def part(supervisor: psutil.Process, word: str) -> psutil.Process:
    return next(child for child in supervisor.children() if word in " ".join(child.cmdline()))


def answers(url: str) -> bool:
    with suppress(httpx.TransportError):
        answer = httpx.get(
            f"{url}/v1/recommendations", params={"placement": "home"}, timeout=5, verify=NO_CERTIFICATES
        )
        return answer.status_code == 200 and bool(answer.json()["items"])
    return False


def takes_events(url: str) -> bool:
    with suppress(httpx.TransportError):
        event = {"type": "view", "product_id": "mug", "anonymous_id": "a"}
        return (
            httpx.post(f"{url}/v1/events", json=event, timeout=5, verify=NO_CERTIFICATES).status_code == 202
        )
    return False


@contextmanager
def killed(process: psutil.Process) -> Iterator[None]:
    process.kill()
    yield


@contextmanager
def hanging(process: psutil.Process) -> Iterator[None]:
    process.send_signal(signal.SIGSTOP)
    yield
    with suppress(psutil.NoSuchProcess):
        process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("fault", [killed, hanging])
@pytest.mark.parametrize("word", ["redis-server", "--role worker", "-m api"])
def test_a_part_that_dies_or_hangs_ends_nothing(
    service: Service, word: str, fault: Callable[[psutil.Process], Iterator[None]]
) -> None:
    supervisor, url, _ = service
    eventually(lambda: takes_events(url), within_s=60)
    with fault(part(supervisor, word)):  # type: ignore[attr-defined]
        until = time.monotonic() + FAULT_S
        while time.monotonic() < until:
            time.sleep(0.1)
            if word != "-m api":
                assert answers(url)
    eventually(lambda: answers(url), within_s=60)
    eventually(lambda: takes_events(url), within_s=60)
    assert supervisor.is_running()


def test_damage_ends_nothing(service: Service) -> None:
    supervisor, url, home = service
    (home.models / OLD / "manifest.json").write_bytes(b"[" * 10_000)
    (home.models / "current").write_bytes(b"{")
    eventually(lambda: "refresh_model" in httpx.get(f"{url}/readyz").json().get("parts", {}), within_s=30)
    assert answers(url)
    write_small(home.models / "aside")
    (home.models / "aside" / "current").replace(home.models / "current")
    eventually(lambda: "refresh_model" not in httpx.get(f"{url}/readyz").json().get("parts", {}), within_s=30)
    assert supervisor.is_running()


def test_the_parts_are_seen(service: Service) -> None:
    _, url, _ = service
    metrics = httpx.get(f"{url}/metrics").text
    for name in ("redis", "archiver-events", "api-1"):
        assert f'perennial_part_failures_total{{part="{name}"}}' in metrics
