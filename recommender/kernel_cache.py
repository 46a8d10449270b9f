"""Where machine code is kept from one start to the next, and when it has to be made anew.

A kernel holds what it calls of other files, while numba looks at the file of a kernel alone.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import InTreeCacheLocator, UserProvidedCacheLocator, UserWideCacheLocator

HERE = Path(__file__).parent


@cache
def every_kernel() -> str:
    """A digest of the files of all kernels."""
    sources = [path.read_bytes() for path in sorted(HERE.glob("*.py"))]
    return sha256(b"".join(source for source in sources if b"@compiled" in source)).hexdigest()


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
