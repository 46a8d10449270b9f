"""Perennial's own server as a child process, over a home of its own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

STOP_S = 30.0
PATIENT_MS = "60000"  # what is slow is measured here, not refused
HARDLY_ANYBODY = "1e-9"  # freshness is asked of everybody; drawing the holdout is measured all the same


class Server(NamedTuple):
    """A server that is ready. `url` has no slash at its end."""

    url: str
    process: subprocess.Popen[bytes]


class NoServer(Exception):
    """The server ended, or did not become ready."""


@contextmanager
def borrowed_home(home: Path | None) -> Iterator[Path]:
    """A copy of a demo home without its live state: what is measured leaves no trace in the original.

    Without one an empty folder, which `perennial demo` fills. Raises NoServer where it is not a demo's.
    """
    if home is not None and not (home / "demo" / "shop.json").exists():
        raise NoServer(f"{home} holds no demo shop; make one with `perennial demo --home {home}`")
    with tempfile.TemporaryDirectory(prefix="perennial-load-") as folder:
        copy = Path(folder) / "home"
        if home is not None:
            shutil.copytree(home, copy, ignore=_live_state(home))
        yield copy


def stop_in_order() -> None:
    """Let SIGTERM unwind this process as Ctrl+C does, so that the servers it started end with it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


@contextmanager
def serving(*words: str, within_s: float = 600.0) -> Iterator[Server]:
    """`perennial <words> --port 0` until the end of the block. Raises NoServer with what it said."""
    with tempfile.TemporaryFile() as output:
        command = [sys.executable, "-P", "-m", "perennial", *words, "--port", "0"]
        patient = {"PERENNIAL_QUEUE_TARGET_MS": PATIENT_MS, "PERENNIAL_STALE_MS": PATIENT_MS}
        environment = {"PERENNIAL_HOLDOUT": HARDLY_ANYBODY, **patient, **os.environ}
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
        try:
            yield Server(_url_when_ready(process, output, time.monotonic() + within_s), process)
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _live_state(source: Path) -> Callable[[str, list[str]], set[str]]:
    def ignored(folder: str, names: list[str]) -> set[str]:
        return {"redis", "events", "served", "reports"} & set(names) if Path(folder) == source else set()

    return ignored


def _url_when_ready(process: subprocess.Popen[bytes], output: IO[bytes], deadline: float) -> str:
    while time.monotonic() < deadline and process.poll() is None:
        text = _said(output)
        words = [word for word in text.split() if word.startswith("http://")]
        if words:
            url = words[0].rstrip(";").removesuffix("/demo")
            if _is_ready(url):
                return url
        time.sleep(0.05)
    raise NoServer(f"The server did not become ready:\n{_said(output)[-2000:]}")


def _said(output: IO[bytes]) -> str:
    # The child writes at the offset that it shares with us: read without moving it.
    return os.pread(output.fileno(), 1_000_000, 0).decode(errors="replace")


def _is_ready(url: str) -> bool:
    try:
        with urlopen(f"{url}/readyz", timeout=5) as answer:  # noqa: S310 - our own child
            return bool(answer.status == 200)
    except (URLError, TimeoutError, ConnectionError):
        return False
