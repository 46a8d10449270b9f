"""Counts of several processes: added up, kept after a process ends, and no process dies over them."""

import os
import resource
import subprocess
import sys
from pathlib import Path

from api.web.shared_metrics import METRICS_FOLDER, SharedMetrics, fresh_folder, newest_of
from features.home import Home

ROOT = Path(__file__).parents[3]
COUNTS = """
import resource
from api.web.metrics import EVENT_COUNTS, exposition, flush
EVENT_COUNTS.add("view", "accepted", n=3)
flush()
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY))  # as a full disk: no more bytes
EVENT_COUNTS.add("view", "accepted", n=4)
print(exposition({{}}).decode())
"""


def counted(folder: Path, limit: int = resource.RLIM_INFINITY) -> float:
    said = subprocess.run(
        [sys.executable, "-c", COUNTS.format(limit=limit)],
        cwd=ROOT,
        env=os.environ | {METRICS_FOLDER: str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = [line for line in said.stdout.splitlines() if line.startswith("perennial_events_total{")]
    return float(line.split()[-1])


def test_counts_stay_when_processes_end_and_their_files_do_not_pile_up(home: Home) -> None:
    folder = fresh_folder(home)
    assert [counted(folder) for _ in range(4)] == [7, 14, 21, 28]
    assert len(list(folder.glob("*.json"))) == 2  # the sums of those before, and the last one's own
    assert list(fresh_folder(home).glob("*.json")) == []


def test_a_full_disk_ends_no_process(home: Home) -> None:
    folder = fresh_folder(home)
    assert counted(folder, limit=0) == 7
    assert counted(folder, limit=0) == 10  # what the first could not write is lost with it


def test_a_damaged_file_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_bytes(b"{")
    shared = SharedMetrics(tmp_path)
    assert shared.with_others({"a": {"x": [1.0]}}) == {"a": {"x": [1.0]}}


def test_of_a_gauge_the_newest_counts() -> None:
    assert newest_of({"=old": [1.0, 5.0], "=new": [2.0, 3.0]}) == {"=new": [2.0, 3.0]}
