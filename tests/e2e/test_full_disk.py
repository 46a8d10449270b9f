"""A full disk: events are refused, none that was acknowledged is lost, and recommendations go on."""

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from features.history import events_parquet as history
from features.home import Home

from bundles import write_small
from scale import DISK_EVENTS
from serving import running
from waiting import eventually

DISK, RESERVE_MB = "40m", 4


@contextmanager
def mounted(disk: Path, size: str) -> Iterator[Path]:
    """A file system of its own; the test is skipped where none can be mounted."""
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
        pytest.skip("no disk of its own can be mounted here")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def fill(disk: Path) -> Path:
    """Another program takes all there is, to the last byte."""
    greedy = disk / "greedy"
    with greedy.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 65_536)
        except OSError:
            pass
    return greedy


def redis_of(supervisor: int) -> psutil.Process:
    return next(child for child in psutil.Process(supervisor).children() if "redis-server" in child.name())


class Sender(threading.Thread):
    """Sends events one after another; `acknowledged` are those answered 202."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self.acknowledged: list[str] = []
        self.statuses: set[int] = set()
        self.enough = threading.Event()

    def run(self) -> None:
        with httpx.Client(base_url=self._url, timeout=20) as http:
            for number in range(DISK_EVENTS):
                if self.enough.is_set():
                    return
                event = {"type": "view", "event_id": f"e-{number}", "product_id": "mug", "anonymous_id": "a"}
                event["query"] = "x" * 2_000
                answer = http.post("/v1/events", json=event)
                self.statuses.add(answer.status_code)
                if answer.status_code == 202:
                    self.acknowledged.append(f"e-{number}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk", DISK) as disk:
        yield disk


def test_no_acknowledged_event_is_lost_and_answers_go_on(small_disk: Path) -> None:
    home = Home(small_disk / "home")
    write_small(home.models)
    environment = os.environ | {"PERENNIAL_HOLDOUT": "0", "PERENNIAL_ARCHIVE_INTERVAL_S": "1"}
    environment["PERENNIAL_DISK_RESERVE_MB"] = str(RESERVE_MB)
    environment.pop("REDIS_URL", None)
    with running("serve", "--home", str(home.root), env=environment) as (process, url):
        sender = Sender(url)
        sender.start()
        eventually(lambda: len(sender.acknowledged) >= DISK_EVENTS // 10, within_s=60)
        greedy = fill(small_disk)
        eventually(lambda: 503 in sender.statuses, within_s=60)
        redis_of(process.pid).send_signal(signal.SIGKILL)  # what it has acknowledged is in its log alone
        for _ in range(20):
            answer = httpx.get(f"{url}/v1/recommendations", params={"placement": "home"}, timeout=20)
            assert answer.status_code == 200
            assert answer.json()["items"]
        sender.enough.set()
        sender.join()
        assert process.poll() is None
        greedy.unlink()
        eventually(lambda: taken(url, "after"), within_s=60)
        eventually(lambda: "after" in archived(home), within_s=120)
        assert sender.statuses == {202, 503}
        assert set(sender.acknowledged) - archived(home) == set()
        assert shutil.disk_usage(small_disk).free > 0


def taken(url: str, name: str) -> bool:
    event = {"type": "view", "event_id": name, "product_id": "mug", "anonymous_id": "a"}
    return httpx.post(f"{url}/v1/events", json=event, timeout=20).status_code == 202


def archived(home: Home) -> set[str]:
    return set(history.scan(home).collect()["event_id"])


def test_a_full_temporary_folder_harms_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    write_small(home.models)
    with mounted(tmp_path / "temporary", "1m") as temporary:
        environment = os.environ | {"TMPDIR": str(temporary), "PERENNIAL_HOLDOUT": "0"}
        environment.pop("REDIS_URL", None)
        with running("serve", "--home", str(home.root), env=environment) as (process, url):
            fill(temporary)
            for _ in range(5):
                assert taken(url, "e")
                assert httpx.get(f"{url}/v1/recommendations", params={"placement": "home"}).status_code == 200
            assert "perennial_events_total" in httpx.get(f"{url}/metrics").text
            assert process.poll() is None
        assert [path.name for path in temporary.iterdir()] == ["greedy"]
