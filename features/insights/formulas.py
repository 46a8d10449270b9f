"""Text that a spreadsheet would work out: where it stands in a cell, an apostrophe goes before it."""

import re
from typing import Final

_UNSEEN: Final = "\\s\x00-\x1f\x7f\u200b-\u200f\u2060\ufeff"
_SIGNS: Final = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"  # small and full ones, too
FORMULA: Final = f"^(\t|\r|[{_UNSEEN}]*[{_SIGNS}])"
"""For `re` and for polars: a formula after blanks and what is not seen, or a cell that begins another one."""

_matches = re.compile(FORMULA).match


def is_formula(text: str) -> bool:
    """Whether a spreadsheet may take the text for a formula."""
    return _matches(text) is not None
