"""Machine code is made anew when a file of what it calls has changed.

Covers recommender/kernels/compiled.py, too.
"""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from recommender.kernels import compile_cache

CALLED = """
from numba import njit

from kernels import compile_cache


@njit(cache=True)  # compiled()
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


def run(folder: Path, **environment: str) -> tuple[int, bool]:
    """What the kernel returns, and whether its machine code was read from the cache."""
    output = subprocess.run(
        [sys.executable, "-c", "from calls import twice; print(twice(1), *twice.stats.cache_hits.values())"],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return int(output[0]), output[1:] == ["1"]


def test_constants_of_kernels_come_from_files_whose_change_is_noticed() -> None:
    files, root = compile_cache.kernel_files(), Path(compile_cache.__file__).parents[2]
    modules = {".".join(file.relative_to(root).with_suffix("").parts) for file in files}
    assert {
        "recommender.sources.cart",
        "recommender.kernels.compiled",
        "recommender.kernels.ranking",
        "features.live.shopper_state",
    } <= modules
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith(("recommender", "features")):
                constants = [name.name for name in node.names if name.name.isupper()]
                assert not constants or node.module in modules, f"{file.name}: {constants}"


@pytest.fixture
def kernels(tmp_path: Path) -> Path:
    """A package with a kernel that calls another file's, and the code that is tested."""
    package = tmp_path / "package"
    (package / "kernels").mkdir(parents=True)
    (package / "kernels" / "compile_cache.py").write_bytes(Path(compile_cache.__file__).read_bytes())
    (package / "calls.py").write_text(CALLS, encoding="utf-8")
    (package / "called.py").write_text(CALLED.format(more=1), encoding="utf-8")
    for name in compile_cache.CONSTANTS:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return package


def test_a_change_in_another_file_is_noticed(kernels: Path) -> None:
    assert run(kernels) == (4, False)
    assert run(kernels) == (4, True)
    (kernels / "called.py").write_text(CALLED.format(more=2), encoding="utf-8")
    assert run(kernels) == (6, False)


def test_a_change_of_constants_is_noticed(kernels: Path) -> None:
    assert run(kernels) == (4, False)
    (kernels.parent / compile_cache.CONSTANTS[0]).write_text("KINDS = ()", encoding="utf-8")
    assert run(kernels) == (4, False)


def test_it_is_kept_where_the_owner_says(kernels: Path) -> None:
    chosen = kernels / "chosen"
    assert run(kernels, NUMBA_CACHE_DIR=str(chosen)) == (4, False)
    assert [path.name[:8] for path in chosen.iterdir()] == ["kernels-"]
    assert run(kernels, NUMBA_CACHE_DIR=str(chosen)) == (4, True)


def test_only_the_folders_used_last_are_kept(tmp_path: Path) -> None:
    for age in range(5):
        (tmp_path / f"kernels-{age}" / "inner").mkdir(parents=True)
        os.utime(tmp_path / f"kernels-{age}", (1_000 - age, 1_000 - age))
    (tmp_path / "calls.pyc").touch()
    folder = compile_cache.cache_folder([tmp_path])
    assert folder is not None
    kept = {"calls.pyc", "kernels-0", "kernels-1", folder.name}
    assert {path.name for path in tmp_path.iterdir()} == kept
    os.utime(folder, (0, 0))
    assert compile_cache.cache_folder([tmp_path]) == folder  # a start is a use
    assert folder.stat().st_mtime > 1_000


def test_where_nothing_can_be_kept_in_its_place_numba_keeps_it_in_its_own(kernels: Path) -> None:
    nowhere = kernels / "calls.py" / "not a folder"
    assert compile_cache.cache_folder([nowhere]) is None
    assert run(kernels, NUMBA_CACHE_DIR=str(nowhere)) == (4, False)
    assert list((kernels / "__pycache__").glob("*.nbc"))


def test_scipy_is_not_imported_for_kernels_and_can_be_afterwards() -> None:
    code = (
        "import sys, recommender.kernels.compile_cache; print('scipy.linalg' in sys.modules);"
        "import scipy.linalg; print(scipy.linalg.det([[2.0]]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "2.0"]
