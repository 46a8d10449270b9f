"""An API process as it is started: by the supervisor, and alone. Covers api/process/processes.py, too."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from api.process.processes import listen
from features.home import Home

from bundles import write_small
from serving import ROOT
from waiting import eventually

# What `python -m` runs, and after its end the threads of each pool that its libraries keep.
COUNTED = """
import contextlib, json, runpy, signal, sys
module = sys.argv.pop(1)
signal.signal(signal.SIGTERM, lambda *_: None)  # uvicorn raises it once more when it has stopped
with contextlib.suppress(SystemExit):
    runpy.run_module(module, run_name="__main__", alter_sys=True)
import faiss, threadpoolctl
pools = {pool["filepath"]: pool["num_threads"] for pool in threadpoolctl.threadpool_info()}
print(json.dumps({"faiss": faiss.omp_get_max_threads()} | pools))
"""
SUPERVISED = ("api", "{home}", "{listener}")
ALONE = ("perennial", "serve", "--role", "api", "--home", "{home}", "--port", "0")


@pytest.mark.parametrize("words", [SUPERVISED, ALONE], ids=["supervised", "alone"])
def test_an_answer_is_worked_out_by_one_thread(words: tuple[str, ...], tmp_path: Path) -> None:
    write_small(Home(tmp_path / "shop").models)
    threads = threads_after_serving(words, tmp_path / "shop")
    assert len(threads) >= 3  # FAISS, numpy's BLAS, FAISS' own
    assert set(threads.values()) == {1}, threads


def threads_after_serving(words: tuple[str, ...], home: Path) -> dict[str, int]:
    """Of FAISS and of each pool of threads, in a process that served until SIGTERM."""
    unset = {"REDIS_URL", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    with listen("127.0.0.1", 0) as listener:
        file = listener.fileno()
        command = [word.format(home=home, listener=file) for word in words]
        process = subprocess.Popen(
            [sys.executable, "-c", COUNTED, *command],
            cwd=ROOT,
            env=environment,
            pass_fds=[file] if words is SUPERVISED else [],
            stdout=subprocess.PIPE,
            text=True,
        )
    try:
        eventually(lambda: is_ready(process), within_s=60)
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=30)
    output_json: dict[str, int] = json.loads(output.splitlines()[-1])
    return output_json


def is_ready(process: subprocess.Popen[str]) -> bool:
    """Whether what listens in this process serves a model."""
    assert process.poll() is None, "it ended before it served"
    sockets = psutil.Process(process.pid).net_connections("tcp")
    ports = [each.laddr.port for each in sockets if each.status == psutil.CONN_LISTEN]
    try:
        return any(httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).is_success for port in ports)
    except httpx.TransportError:
        return False
