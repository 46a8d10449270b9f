"""What callers owe, in memory that all API processes of a service share: a limit holds for them together."""

import os
from collections.abc import Hashable
from functools import lru_cache
from hashlib import blake2b
from mmap import mmap
from typing import BinaryIO

SLOTS = 1 << 17  # callers who owe something at the same time
WAYS = 4  # slots that a caller may be in
SLOT_BYTES = 16
SIZE = SLOTS * SLOT_BYTES


def shared_memory() -> BinaryIO:
    """Memory for `Debts`, whose descriptor child processes may inherit."""
    file = os.fdopen(os.memfd_create("perennial-rates"), "w+b")
    file.truncate(SIZE)
    return file


class Debts:
    """For each caller the time at which everything is paid back. file: descriptor of `shared_memory`; None:
    this process alone.

    A table of (hash of the caller, time): a new caller takes a slot of somebody who has paid back, or soon
    will have. Nothing is locked: two processes that count one caller in the same microsecond count one
    request too few.
    """

    def __init__(self, file: int | None = None) -> None:
        memory = memoryview(mmap(-1 if file is None else file, SIZE))
        self._callers, self._until = memory.cast("Q"), memory.cast("d")  # of even index; of odd index

    def until(self, caller: Hashable) -> float:
        """When the caller has paid back; 0.0 where nothing is known."""
        number = number_of(caller)
        for place in places_of(number):
            if self._callers[place] == number:
                return self._until[place + 1]
        return 0.0

    def keep(self, caller: Hashable, until: float) -> None:
        """The caller owes until then."""
        number = number_of(caller)
        places = places_of(number)
        own = [place for place in places if self._callers[place] == number]
        place = own[0] if own else min(places, key=lambda place: self._until[place + 1])
        self._callers[place], self._until[place + 1] = number, until


@lru_cache(1 << 14)
def number_of(caller: Hashable) -> int:
    """64 bits, the same in each process."""
    return int.from_bytes(blake2b(repr(caller).encode(), digest_size=8).digest())


def places_of(number: int) -> range:
    """The slots that a caller may be in, as indices of their first half."""
    first = number % (SLOTS // WAYS) * WAYS * 2
    return range(first, first + WAYS * 2, 2)
