"""Room on the disk for Redis' log, taken in advance: what Redis acknowledges can be written, come what may.

On a full disk Redis keeps in memory what it has just acknowledged, and refuses the next command; killed then,
it loses it. So blocks behind the end of its log are allocated while there are some, and events are refused
before these are used up.
"""

import ctypes
import os
from pathlib import Path

from features.store.redis_log import written_files

RESERVE_BYTES = 64_000_000
REFILLED_BELOW_BYTES = 48_000_000
LEAST_BYTES = 32_000_000  # of room: several times what can come in between two looks
KEEP_SIZE = 1  # of fallocate(2): the file's end stays where it is


def keep_reserve(folder: Path) -> None:
    """Allocate blocks behind the end of the log in a Redis folder. Raises OSError where there are too few.

    A file system that cannot do so has no reserve; `room` then is what is free.
    """
    for path in written_files(folder):
        if _allocated_ahead(path) < REFILLED_BELOW_BYTES:
            descriptor = os.open(path, os.O_WRONLY)
            try:
                _allocate(descriptor, path.stat().st_size, RESERVE_BYTES)
            finally:
                os.close(descriptor)


def room(folder: Path) -> int:
    """Bytes that the log can surely grow by: allocated, or free."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize + sum(map(_allocated_ahead, written_files(folder)))


def _allocated_ahead(path: Path) -> int:
    stat = path.stat()
    return max(0, stat.st_blocks * 512 - stat.st_size)


def _allocate(descriptor: int, offset: int, length: int) -> None:
    fallocate = getattr(ctypes.CDLL(None, use_errno=True), "fallocate", None)
    if fallocate is None:  # macOS
        return
    fallocate.argtypes = ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64
    if fallocate(descriptor, KEEP_SIZE, offset, length) and ctypes.get_errno() == 28:
        raise OSError(28, os.strerror(28))
