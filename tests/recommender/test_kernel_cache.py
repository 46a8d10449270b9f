"""Machine code is made anew when a file of what it calls has changed."""

from __future__ import annotations

import ast
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


def test_numbers_written_into_kernels_stand_in_their_files() -> None:
    files, root = kernel_cache.kernel_files(), Path(kernel_cache.__file__).parents[1]
    modules = {".".join(file.relative_to(root).with_suffix("").parts) for file in files}
    assert {"recommender.live", "recommender.kernels", "features.shopper", "features.log_entry"} <= modules
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith(("recommender", "features")):
                constants = [name.name for name in node.names if name.name.isupper()]
                assert not constants or node.module in modules, f"{file.name}: {constants}"


def test_a_change_in_another_file_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "kernel_cache.py").write_bytes(Path(kernel_cache.__file__).read_bytes())
    (tmp_path / "calls.py").write_text(CALLS, encoding="utf-8")
    (tmp_path / "called.py").write_text(CALLED.format(more=1), encoding="utf-8")
    assert ask(tmp_path) == (4, False)
    assert ask(tmp_path) == (4, True)
    (tmp_path / "called.py").write_text(CALLED.format(more=2), encoding="utf-8")
    assert ask(tmp_path) == (6, False)
