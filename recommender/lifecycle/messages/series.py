"""Messages that follow one another."""

from collections.abc import Iterator, Sequence


def steps(
    after: Sequence[float], unit_ms: int, began_ms: int, last_step_length: float
) -> Iterator[tuple[int, int, int]]:
    """(step from 1, due, expires) in epoch ms: each step is too late when the next one is due.

    after: in units, rising; last_step_length: units after which the last step expires.
    """
    ends = [*after[1:], after[-1] + last_step_length]
    for step, (start, end) in enumerate(zip(after, ends, strict=True), 1):
        yield step, began_ms + int(start * unit_ms), began_ms + int(end * unit_ms)
