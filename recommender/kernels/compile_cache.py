"""How numba is begun: where machine code is kept, so that it is made anew when a file of kernels has changed.

A kernel holds what it calls of other files, while numba looks at the file of a kernel alone. So what is kept
stands in a folder named after all of these files. Where none can be made, numba keeps it where it is used to.
"""

from __future__ import annotations

import os
import sys
from hashlib import sha256
from pathlib import Path

import numba
from numba import types

LINEAR_ALGEBRA = "scipy.linalg"
LIVE_LOG = "log_entry.py", "shopper_state.py"  # their numbers are written into kernels
PACKAGE = Path(__file__).parents[1]


def kernel_files() -> list[Path]:
    """Those that kernels, and the numbers written into them, stand in."""
    others = sorted(path for path in PACKAGE.rglob("*.py") if path != Path(__file__))
    kernels = [path for path in others if b"@compiled" in path.read_bytes()]
    return [*kernels, *(PACKAGE.parent / "features" / "live" / name for name in LIVE_LOG)]


def kept_in(places: list[Path]) -> Path | None:
    """The folder of these very files, in the first place that can be written to; None: in none of them."""
    name = f"kernels-{sha256(b''.join(path.read_bytes() for path in kernel_files())).hexdigest()[:16]}"
    for folder in (place / name for place in places):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return None


def keep_machine_code() -> None:
    """In NUMBA_CACHE_DIR if it is set, else beside the source, else in the home directory."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    usual = [PACKAGE / "__pycache__", Path.home() / ".cache" / "perennial"]
    folder = kept_in([Path(chosen)] if chosen else usual)
    if folder:
        numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]


def begin_without_scipy() -> None:
    """With its first kernel numba imports scipy's linear algebra, which no kernel of ours has: a tenth of a
    second of each start. It does without where there is none to import."""
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
