"""Ids that nobody can guess: of answers and requests."""

from __future__ import annotations

from collections.abc import Iterator
from secrets import token_hex

DIGITS, AT_ONCE = 16, 256


def _tokens() -> Iterator[str]:
    """The system is asked for many at once: to ask it for one takes as long as a tenth of an answer.

    For the event loop alone: a generator cannot be asked by two threads at a time.
    """
    while True:
        digits = token_hex(DIGITS // 2 * AT_ONCE)
        yield from (digits[start : start + DIGITS] for start in range(0, len(digits), DIGITS))


new_token = _tokens().__next__
