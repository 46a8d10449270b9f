"""Chance that can be repeated: the same names give the same draw in every process, on every day."""

from __future__ import annotations

from hashlib import blake2b


def digest(*parts: str) -> str:
    """16 hexadecimal digits. Parts are kept apart: ("ab", "c") and ("a", "bc") differ."""
    return blake2b("\x00".join(parts).encode(), digest_size=8).hexdigest()


def uniform(*parts: str) -> float:
    """A number in [0, 1) with 53 random bits."""
    return (int(digest(*parts), 16) >> 11) / (1 << 53)
