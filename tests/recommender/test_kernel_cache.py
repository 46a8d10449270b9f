"""Machine code is made anew when a file of what it calls has changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from recommender import kernel_cache

CALLED = """
from numba import njit

import kernel_cache


@njit(cache=True)  # in place of @compiled
def number(n):
    return n + {more}
"""
CALLS = """
from numba import int64, njit

from called import number


@njit([(int64,)], cache=True)
def twice(n):
    return 2 * number(n)
"""


def ask(where: Path) -> tuple[int, bool]:
    """What the kernel says, and whether it was read from where it was kept."""
    said = subprocess.run(
        [sys.executable, "-c", "from calls import twice; print(twice(1), *twice.stats.cache_hits.values())"],
        cwd=where,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return int(said[0]), said[1:] == ["1"]


def test_a_change_in_another_file_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "kernel_cache.py").write_bytes(Path(kernel_cache.__file__).read_bytes())
    (tmp_path / "calls.py").write_text(CALLS, encoding="utf-8")
    (tmp_path / "called.py").write_text(CALLED.format(more=1), encoding="utf-8")
    assert ask(tmp_path) == (4, False)
    assert ask(tmp_path) == (4, True)
    (tmp_path / "called.py").write_text(CALLED.format(more=2), encoding="utf-8")
    assert ask(tmp_path) == (6, False)
