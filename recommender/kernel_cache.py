"""How numba is begun: what it may leave out, where machine code is kept, and when it has to be made anew.

A kernel holds what it calls of other files, while numba looks at the file of a kernel alone.
"""

from __future__ import annotations

import sys
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import InTreeCacheLocator, UserProvidedCacheLocator, UserWideCacheLocator

LINEAR_ALGEBRA = "scipy.linalg"
NUMBERS = ("log_entry.py", "shopper.py")  # of features: written into kernels
HERE = Path(__file__).parent


def kernel_files() -> list[Path]:
    """Those that kernels, and the numbers written into them, stand in."""
    others = sorted(path for path in HERE.glob("*.py") if path != Path(__file__))
    kernels = [path for path in others if b"@compiled" in path.read_bytes()]
    counted = (HERE.parent / "features").glob("**/*.py")
    return [*kernels, *(path for path in counted if path.name in NUMBERS)]


@cache
def every_kernel() -> str:
    """A digest of these files."""
    return sha256(b"".join(path.read_bytes() for path in kernel_files())).hexdigest()


class _OfAll:
    """What is kept is stale as soon as any of the files has changed."""

    def get_source_stamp(self) -> Any:
        parent: Any = super()
        return parent.get_source_stamp(), every_kernel()


class WhereTold(_OfAll, UserProvidedCacheLocator):
    """In NUMBA_CACHE_DIR."""


class BesideTheSource(_OfAll, InTreeCacheLocator):
    """In `__pycache__`."""


class OfTheUser(_OfAll, UserWideCacheLocator):
    """In the home directory, where the source is not ours to write to."""


numba.config.CACHE_LOCATOR_CLASSES = ",".join(  # type: ignore[attr-defined]
    f"{place.__module__}.{place.__name__}" for place in (WhereTold, BesideTheSource, OfTheUser)
)


def _spare_scipy() -> None:
    """No kernel has linear algebra, for which numba imports it: a tenth of a second of each start."""
    if LINEAR_ALGEBRA not in sys.modules:
        sys.modules[LINEAR_ALGEBRA] = None  # type: ignore[assignment]
        import_module("numba.np.arraymath")  # looks for it, and does without
        del sys.modules[LINEAR_ALGEBRA]


_spare_scipy()
