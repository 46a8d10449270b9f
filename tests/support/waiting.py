"""Waiting for what happens soon, without luck."""

import time
from collections.abc import Callable


def eventually(condition: Callable[[], bool], within_s: float = 10.0) -> None:
    """Return once the condition holds; fail after the deadline."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
