"""Where numba keeps machine code, so that all kernels are compiled anew when a file of any has changed.

A kernel contains the kernels of other files that it calls, but numba checks the kernel's own file alone. So
the code is kept in a folder named after a hash of all files. Where none can be made, numba uses its own.
"""

import os
import sys
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from shutil import rmtree

import numba
from numba import types

LINEAR_ALGEBRA = "scipy.linalg"
PACKAGE = Path(__file__).parents[1]
FOLDERS_KEPT = 3  # the present sources and those of the two versions used before
CONSTANTS = (  # files without kernels whose constants are compiled into kernels
    "features/live/log_entry.py",
    "features/live/shopper_state.py",
    "recommender/arrays/id_map.py",
)


def kernel_files() -> list[Path]:
    """The files of kernels, their types and their constants."""
    others = sorted(path for path in PACKAGE.rglob("*.py") if path != Path(__file__))
    kernels = [path for path in others if b"compiled(" in path.read_bytes()]
    return [*kernels, *(PACKAGE.parent / name for name in CONSTANTS)]


def cache_folder(parents: list[Path]) -> Path | None:
    """The folder for the present kernels, in the first parent that can be written to; None where none can."""
    name = f"kernels-{sha256(b''.join(path.read_bytes() for path in kernel_files())).hexdigest()[:16]}"
    for folder in (parent / name for parent in parents):
        is_new = not folder.exists()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            folder.touch()
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            if is_new:
                _remove_unused(folder.parent)
            return folder
    return None


def _remove_unused(parent: Path) -> None:
    """Keep the folders that were used last. A process that still loads from another one compiles instead."""
    with suppress(OSError):  # another process removes them at the same time
        by_use = sorted(parent.glob("kernels-*"), key=lambda folder: folder.stat().st_mtime_ns)
        for folder in by_use[:-FOLDERS_KEPT]:
            rmtree(folder, ignore_errors=True)


def keep_machine_code() -> None:
    """In NUMBA_CACHE_DIR if it is set, else beside the source, else in the home directory."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    default = [PACKAGE / "__pycache__", Path.home() / ".cache" / "perennial"]
    folder = cache_folder([Path(chosen)] if chosen else default)
    if folder:
        numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]


def begin_without_scipy() -> None:
    """With the first kernel numba imports scipy's linear algebra, which no kernel here uses, and which takes
    a tenth of a second of each start. Where the import fails, numba works without."""
    if LINEAR_ALGEBRA not in sys.modules:
        sys.modules[LINEAR_ALGEBRA] = None  # type: ignore[assignment]
        try:
            numba.njit([(types.int64,)], cache=True)(_same)
        finally:
            del sys.modules[LINEAR_ALGEBRA]


def _same(number: int) -> int:
    return number


keep_machine_code()
begin_without_scipy()
