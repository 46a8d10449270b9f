"""Loops that the threads of a training run beside each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numba
from numba import types

from recommender.kernels import Function


def unlocked(*signatures: tuple[types.Type, ...]) -> Callable[[Function], Function]:
    """As `kernels.compiled`, without the interpreter's lock. Not for answers: to get that back may take
    milliseconds."""
    return cast(Any, numba.njit(list(signatures) or None, nogil=True, cache=True, error_model="numpy"))  # type: ignore[no-any-return]
