"""Messages that follow one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def steps(
    after: Sequence[float], unit_ms: int, began_ms: int, last_lasts: float
) -> Iterator[tuple[int, int, int]]:
    """(step from 1, due, expires) in epoch ms: each step is too late when the next one is due.

    after: in units, rising; last_lasts: how many units the last step stays of use.
    """
    ends = [*after[1:], after[-1] + last_lasts]
    for step, (start, end) in enumerate(zip(after, ends, strict=True), 1):
        yield step, began_ms + int(start * unit_ms), began_ms + int(end * unit_ms)
