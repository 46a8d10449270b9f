"""Processes on cores of their own, and what they use, from /proc: on Linux only."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from loadtests.bench.generator import Address

REST_S, REST_SHARE = 0.5, 0.05  # at rest: less than this share of a core in so many seconds


class Cores(NamedTuple):
    """One core each; the same where the machine has one only."""

    server: int
    generator: int

    @classmethod
    def available(cls) -> Cores:
        usable = sorted(os.sched_getaffinity(0))
        return cls(usable[-1], usable[0])


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """This thread on one core, and the children that it starts meanwhile."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def reference(core: int, bodies: Mapping[str, Any]) -> Iterator[tuple[Address, int]]:
    """The empty routes, and their process id."""
    with tempfile.TemporaryFile("w+") as given, socket.create_server(("127.0.0.1", 0)) as listener:
        json.dump(bodies, given)
        given.seek(0)
        command = [sys.executable, "-P", "-m", "loadtests.bench.reference", str(listener.fileno())]
        with on_core(core):
            process = subprocess.Popen(command, stdin=given, pass_fds=[listener.fileno()])
        address = listener.getsockname()
        listener.close()  # the child's alone from here on: if it ends, callers are refused instead of waiting
        try:
            yield address, process.pid
        finally:
            process.terminate()
            process.wait(10)


def api_workers(supervisor: int) -> list[int]:
    """The processes of a `perennial serve` that answer HTTP."""
    return [pid for pid in children(supervisor) if b"api" in _words(pid)]


def children(parent: int) -> list[int]:
    """Direct children, by process id."""
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def cpu_s(pid: int) -> float:
    """Seconds of processor that all threads of a process have used."""
    used_ns = [path.read_text().split()[0] for path in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(map(int, used_ns)) / 1e9


def settle(pids: Collection[int], within_s: float = 5.0) -> None:
    """Wait until processes have finished starting and their pending work, at most `within_s`."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        before = sum(map(cpu_s, pids))
        time.sleep(REST_S)
        if sum(map(cpu_s, pids)) - before < REST_SHARE * REST_S:
            return


def memory_mb(pid: int) -> dict[str, float]:
    """private: memory that each further process costs; shared: mapped files, whichever process read them."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    kb = {name: int(rest.split()[0]) for name, rest in (line.split(":", 1) for line in lines)}
    private = kb["Private_Dirty"]
    return {"private": round(private / 1024, 1), "shared": round((kb["Rss"] - private) / 1024, 1)}


def _words(pid: int) -> list[bytes]:
    return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
