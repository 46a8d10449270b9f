"""Ids that nobody can guess: of answers and requests."""

from itertools import chain
from secrets import token_hex

TOKEN_DIGITS, TOKENS_AT_ONCE = 16, 256


def _tokens() -> list[str]:
    """Many random numbers at once: one call to the system takes as long as a tenth of an answer."""
    digits = token_hex(TOKEN_DIGITS // 2 * TOKENS_AT_ONCE)
    return [digits[start : start + TOKEN_DIGITS] for start in range(0, len(digits), TOKEN_DIGITS)]


new_token = chain.from_iterable(iter(_tokens, None)).__next__
