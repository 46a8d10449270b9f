"""Chance that can be repeated: the same names give the same draw in every process, on every day."""

from hashlib import blake2b


def digest_of(*parts: str) -> str:
    """16 hexadecimal digits. Parts are kept apart: ("ab", "c") and ("a", "bc") differ."""
    return _hash(parts).hex()


def uniform(*parts: str) -> float:
    """A number in [0, 1) with 53 random bits."""
    return (int.from_bytes(_hash(parts), "big") >> 11) / (1 << 53)


def _hash(parts: tuple[str, ...]) -> bytes:
    return blake2b("\x00".join(parts).encode(errors="surrogatepass"), digest_size=8).digest()
