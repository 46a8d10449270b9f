"""Functions as machine code, and the names of the array types that they take.

Compiled on a machine's first import, seconds once; later ones read the result from `__pycache__`. Results go
into arrays that the caller made: to make one in a kernel costs as much as its loop.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba import types

import recommender.kernels.compile_cache  # noqa: F401 - before the first kernel

Function = TypeVar("Function", bound=Callable[..., Any])


def array(dtype: types.Type, dimensions: int = 1, *, out: bool = False) -> types.Array:
    """A contiguous array. out: the kernel writes to it."""
    return types.Array(dtype, dimensions, "C", readonly=not out)


def tuple_of(*parts: types.Type) -> types.Type:
    return types.Tuple(parts)  # type: ignore[no-untyped-call]


INT32S, INT64S = array(types.int32), array(types.int64)
FLOAT32S, FLOAT64S = array(types.float32), array(types.float64)
BOOLS_OUT, INT32S_OUT = array(types.boolean, out=True), array(types.int32, out=True)
FLOAT32S_OUT = array(types.float32, out=True)
FLOAT32_ROWS = array(types.float32, 2)
INT32_STRIPS = types.Array(types.int32, 2, "A", readonly=True)  # some columns of rows, with gaps between
INT32_ROWS_OUT, FLOAT32_ROWS_OUT = array(types.int32, 2, out=True), array(types.float32, 2, out=True)
FLOAT64_ROWS, FLOAT64_CUBE = array(types.float64, 2), array(types.float64, 3)
FLOAT64_ROWS_OUT = array(types.float64, 2, out=True)


def compiled(*signatures: tuple[types.Type, ...]) -> Callable[[Function], Function]:
    """A function of these argument types as machine code; without any, one that only kernels call.

    It is inlined where it is called: a call counts references to its arrays, which costs as much as its work.
    """
    made = numba.njit(list(signatures) or None, cache=True, error_model="numpy", forceinline=True)
    return cast(Callable[[Function], Function], made)


def nogil_kernel(*signatures: tuple[types.Type, ...]) -> Callable[[Function], Function]:
    """As `compiled`, without the interpreter's lock. Not for answers: to get the lock back may take
    milliseconds."""
    return cast(Any, numba.njit(list(signatures) or None, nogil=True, cache=True, error_model="numpy"))  # type: ignore[no-any-return]
