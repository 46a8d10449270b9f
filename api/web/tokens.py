"""Ids that nobody can guess: of answers and requests."""

from itertools import chain
from secrets import token_hex

DIGITS, AT_ONCE = 16, 256


def _tokens() -> list[str]:
    """Many random numbers at once: one call to the system takes as long as a tenth of an answer."""
    digits = token_hex(DIGITS // 2 * AT_ONCE)
    return [digits[start : start + DIGITS] for start in range(0, len(digits), DIGITS)]


new_token = chain.from_iterable(iter(_tokens, None)).__next__
