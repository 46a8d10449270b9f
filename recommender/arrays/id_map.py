"""Ids of the shop <-> rows of the arrays, in memory that all worker processes share."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from features.live.log_entry import id_hash
from recommender.arrays.dtypes import Int32s, Int64s

NO_ROW = -1  # of an id that is not known; where no item is meant; in a hash table, a free slot
CACHE_SIZE = 10_000  # entries, about a megabyte


@dataclass(frozen=True)
class PackedBytes:
    """Many byte strings in one array. blob: uint8; offsets: (n + 1) int64."""

    blob: NDArray[np.uint8]
    offsets: Int64s
    _blob: memoryview = field(init=False, repr=False)
    _offsets: memoryview = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # Indexing a memoryview costs a third of indexing a memory-mapped array.
        object.__setattr__(self, "_blob", self.blob.data)
        object.__setattr__(self, "_offsets", self.offsets.data)

    @classmethod
    def pack(cls, values: Iterable[bytes]) -> PackedBytes:
        parts = list(values)
        offsets = np.zeros(len(parts) + 1, np.int64)
        np.cumsum([len(part) for part in parts], out=offsets[1:])
        return cls(np.frombuffer(b"".join(parts), np.uint8), offsets)

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __getitem__(self, row: int) -> bytes:
        return bytes(self._blob[self._offsets[row] : self._offsets[row + 1]])

    def beginning_with(self, prefix: bytes) -> Int64s:
        """Rows of the strings that begin so, ASCII letters without case."""
        starts, rows = self.offsets[:-1], np.flatnonzero(np.diff(self.offsets) >= len(prefix))
        for at, (small, large) in enumerate(zip(prefix.lower(), prefix.upper(), strict=True)):
            letters = self.blob[starts[rows] + at]
            rows = rows[(letters == small) | (letters == large)]
        return rows


@dataclass(frozen=True)
class IdMap:
    """External id <-> row, by open addressing on `id_hash`: a dict of a million ids is 120 MB a process.

    slots: (power of two, at least twice as many as ids) int32, a row or NO_ROW; hashes: (ids) int64. others:
    further names of rows, known only since the arrays were written.
    """

    names: PackedBytes
    slots: Int32s
    hashes: Int64s
    others: dict[str, int] = field(init=False, repr=False, default_factory=dict)
    _slots: memoryview = field(init=False, repr=False)
    _cache: dict[str, int] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_slots", self.slots.data)

    @classmethod
    def build(cls, ids: Sequence[str]) -> IdMap:
        """Rows in the order of `ids`, which must be distinct."""
        size = 1 << max(3, (2 * len(ids) - 1).bit_length())
        slots, hashes = [NO_ROW] * size, [id_hash(name) for name in ids]
        for row, row_hash in enumerate(hashes):
            slot = row_hash & (size - 1)
            while slots[slot] != NO_ROW:
                slot = (slot + 1) & (size - 1)
            slots[slot] = row
        names = PackedBytes.pack(name.encode() for name in ids)
        return cls(names, np.array(slots, np.int32), np.array(hashes, np.int64))

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def columns(self) -> tuple[Int32s, Int64s]:
        """Slots and hashes, as kernels take them."""
        return self.slots, self.hashes

    def row(self, name: str | None) -> int:
        """The row of an id, or NO_ROW where it is not known."""
        if name is None:
            return NO_ROW
        row = self._cache.get(name)
        return self._find_and_cache(name) if row is None else row

    def _find(self, name: str) -> int:
        key = name.encode(errors="surrogatepass")
        last = len(self._slots) - 1
        slot = id_hash(name) & last
        while (row := self._slots[slot]) != NO_ROW and self.names[row] != key:
            slot = (slot + 1) & last
        return int(row) if row != NO_ROW else self.others.get(name, NO_ROW)

    def also(self, names: Iterable[tuple[str, str]]) -> None:
        """Let rows have further names. names: each with that of a row; one with a row of its own keeps it."""
        for name, known in names:
            row = self._find(known)
            if row != NO_ROW and self._find(name) == NO_ROW:
                self.others[name] = row

    def rows(self, names: Collection[str]) -> list[int]:
        """Rows of those ids that are known, in the order given."""
        cached = list(map(self._cache.get, names))
        if None not in cached:
            return cached  # type: ignore[return-value]
        rows = [
            self._find_and_cache(name) if row is None else row
            for name, row in zip(names, cached, strict=True)
        ]
        return [row for row in rows if row != NO_ROW]

    def _find_and_cache(self, name: str) -> int:
        """The row of an id. A row is kept: requests name the same few ids all day."""
        row = self._find(name)
        if row != NO_ROW:
            if len(self._cache) >= CACHE_SIZE:
                self._cache.clear()
            self._cache[name] = row
        return row

    def name(self, row: int) -> str:
        return self.names[row].decode()
