"""Room on the disk for Redis' log, taken in advance: what Redis acknowledges can be written, come what may.

On a full disk Redis keeps in memory what it has just acknowledged, and refuses the next command; killed then,
it loses it. So blocks behind the end of its log are allocated while there are some, and events are refused
before these are used up.
"""

import ctypes
import os
from pathlib import Path

from features.store.redis_log import written_files

MEGABYTE = 1_000_000
REFILLED_BELOW, LEAST = 0.75, 0.5  # shares of the reserve; events are refused below the second
SHARE_OF_FREE = 0.8  # of a disk that is nearly full, at most
KEEP_SIZE = 1  # of fallocate(2): the file's end stays where it is


def keep_reserve(folder: Path, megabytes: int) -> None:
    """Allocate blocks behind the end of the log in a Redis folder, as many megabytes as wanted and there.

    A file system that cannot do so has no reserve; what is free counts alone then.
    """
    for path in written_files(folder):
        ahead = _allocated_ahead(path)
        wanted = min(megabytes * MEGABYTE, ahead + int(_free(folder) * SHARE_OF_FREE))
        if ahead < REFILLED_BELOW * megabytes * MEGABYTE and wanted > ahead + MEGABYTE:
            with path.open("r+b") as file:
                _allocate(file.fileno(), path.stat().st_size, wanted)


def is_full(folder: Path, megabytes: int) -> bool:
    """Whether the log may soon have no room to grow, allocated or free."""
    room = _free(folder) + sum(map(_allocated_ahead, written_files(folder)))
    return room < LEAST * megabytes * MEGABYTE


def _free(folder: Path) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def _allocated_ahead(path: Path) -> int:
    stat = path.stat()
    return max(0, stat.st_blocks * 512 - stat.st_size)


def _allocate(descriptor: int, offset: int, length: int) -> None:
    """What cannot be allocated now is tried again at the next look."""
    fallocate = getattr(ctypes.CDLL(None), "fallocate", None)
    if fallocate is not None:  # there is none on macOS
        fallocate.argtypes = ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64
        fallocate(descriptor, KEEP_SIZE, offset, length)
