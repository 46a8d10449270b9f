"""How long work says how far it is; the command line draws it."""

from __future__ import annotations

from collections.abc import Callable

Report = Callable[[str, int, int], None]
"""Called with the step's name, units done and units in all (0 in all: not known)."""


def silent(step: str, done: int, total: int) -> None:
    """Report to nobody."""
