"""A process that is started again: how soon, and when not."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from api.process.child import FAILED_STARTS, HEALTHY_S, CannotStart, Child
from features.store.parts import Part

from waiting import eventually


def child_of(code: str, healthy_s: float = HEALTHY_S) -> Child:
    return Child(Part("api"), [sys.executable, "-c", code], os.environ, [], healthy_s=healthy_s)


def looked_after(each: Child) -> bool:
    each.look()
    return False


def test_a_process_that_cannot_start_is_given_up_with_its_last_words(
    capfd: pytest.CaptureFixture[str],
) -> None:
    broken = child_of("import sys; sys.exit('no such model')")
    with pytest.raises(CannotStart, match="failed 3 times to start: no such model"):
        eventually(lambda: looked_after(broken), within_s=60)
    assert capfd.readouterr().err.count("no such model\n") == FAILED_STARTS


def test_a_process_that_is_killed_comes_back_as_often(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    doomed = child_of(f"open({str(starts)!r}, 'a').write('.'); import os; os.kill(os.getpid(), 9)")

    def often() -> bool:
        doomed.look()
        return starts.exists() and len(starts.read_text()) > FAILED_STARTS

    eventually(often, within_s=60)
    doomed.process.wait()
    assert doomed.process.returncode == -signal.SIGKILL


def test_a_process_that_was_healthy_is_never_given_up(tmp_path: Path) -> None:
    starts, go = tmp_path / "starts", tmp_path / "go"
    code = f"""
import pathlib, sys, time
pathlib.Path({str(starts)!r}).open("a").write(".")
while not pathlib.Path({str(go)!r}).exists():
    time.sleep(0.01)
sys.exit("worn out")
"""
    worn = child_of(code, healthy_s=0.0)
    worn.look()  # it runs: healthy
    go.touch()

    def often() -> bool:
        worn.look()
        return starts.exists() and len(starts.read_text()) > FAILED_STARTS + 1

    eventually(often, within_s=60)
    worn.process.wait()


def test_a_process_that_hangs_is_killed_and_comes_back(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    code = f"""
import os, pathlib, time
pathlib.Path({str(starts)!r}).open("a").write(".")
pathlib.Path({str(tmp_path)!r}, f"{{os.getpid()}}.json").touch()
time.sleep(600)
"""
    command = [sys.executable, "-c", code]
    hanging = Child(Part("api-1"), command, os.environ, [], heartbeats=tmp_path, hang_s=0.5)

    def again() -> bool:
        hanging.look()
        return starts.exists() and len(starts.read_text()) > 1

    eventually(again, within_s=60)
    hanging.process.kill()
    hanging.process.wait()


def test_a_process_with_a_heartbeat_is_left_alone(tmp_path: Path) -> None:
    code = f"""
import os, pathlib, time
while True:
    pathlib.Path({str(tmp_path)!r}, f"{{os.getpid()}}.json").write_text("")
    time.sleep(0.01)
"""
    lively = Child(
        Part("api-1"), [sys.executable, "-c", code], os.environ, [], heartbeats=tmp_path, hang_s=20.0
    )
    for _ in range(30):
        lively.look()
        time.sleep(0.05)
    assert lively.process.poll() is None
    lively.process.kill()
    lively.process.wait()
