"""Perennial's own command line, in processes of its own."""

import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from waiting import eventually

ROOT = Path(__file__).parents[2]
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # reading them takes longer than most tests


def perennial(*words: str, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """The command line, in a process of its own."""
    own = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    own["PERENNIAL_HOLDOUT"] = "0"  # a browser's id is drawn anew in each test
    own["PERENNIAL_REDIS_DEADLINE_MS"] = "1000"  # tests share the machine
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "perennial", *words],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        env=env or own,
    )


@contextmanager
def running(
    *words: str, within_s: float = 120.0, cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A serving command and its URL, once it is ready; stopped at the end."""
    process = perennial(*words, "--port", "0", cwd=cwd, env=env)
    assert process.stdout is not None
    try:
        url = next(
            (word for line in process.stdout for word in line.split() if word.startswith("http://")), ""
        )
        assert url, "it ended before it served"
        base = url.removesuffix("/demo").rstrip(";")
        eventually(lambda: _ready(base), within_s)
        yield process, base
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def _ready(base: str) -> bool:
    try:
        return httpx.get(f"{base}/readyz", timeout=5, verify=NO_CERTIFICATES).status_code == 200
    except httpx.TransportError:
        return False
