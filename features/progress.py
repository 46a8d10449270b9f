"""How long-running work reports its progress; the command line draws it."""

from collections.abc import Callable

Report = Callable[[str, int, int], None]
"""Called with the step's name, units done and total units (0: unknown)."""


def silent(step: str, done: int, total: int) -> None:
    """Ignore the progress."""


def both(first: Report, second: Report) -> Report:
    """Tells two of the same progress."""

    def report(step: str, done: int, total: int) -> None:
        first(step, done, total)
        second(step, done, total)

    return report
