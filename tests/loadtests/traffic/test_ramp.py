"""What a ramp sustained, of parts computed by hand."""

import pytest

from loadtests.goals.slo import Row
from loadtests.traffic.ramp import Seconds, sustained

PROMISE = {"p50_ms": 10, "p95_ms": 20, "p99_ms": 50, "error_share": 0.01}
SLO = {"routes": {"/v1/events": PROMISE}, "ramp": {"parts": 5, "samples_beyond": 5}}


def ramp(*milliseconds: float, slow: int = 0) -> Seconds:
    """A second for each latency, with 10 requests, 20, 30 ...; `slow` of each took 90 ms instead."""
    seconds = {}
    for number, took in enumerate(milliseconds):
        row = Row("/v1/events")
        row.latency.add(took / 1000, 10 * (number + 1) - slow)
        row.latency.add(0.09, slow)
        seconds[number] = {"/v1/events": row}
    return seconds


@pytest.mark.parametrize(
    ("milliseconds", "held"),
    [
        ((1, 1, 1, 1, 1), (50, 5)),
        ((1, 1, 1, 30, 30), (30, 3)),
        ((1, 30, 1, 1, 1), (50, 5)),  # one hiccup is no limit
        ((1, 30, 1, 30, 30), (30, 3)),
        ((1, 1, 1, 1, 30), (40, 4)),
        ((30, 30, 1, 1, 1), (0, 0)),
    ],
)
def test_it_ends_where_two_parts_in_a_row_break(
    milliseconds: tuple[float, ...], held: tuple[int, int]
) -> None:
    assert sustained(SLO, ramp(*milliseconds), 5) == held


def test_few_slow_answers_are_no_quantile() -> None:
    assert sustained(SLO, ramp(1, 1, 1, 1, 1, slow=4), 5).rate == 50


def test_seconds_are_judged_together() -> None:
    halves = SLO | {"ramp": {"parts": 2, "samples_beyond": 5}}
    assert sustained(halves, ramp(1, 1, 1, 30), 4).rate == 15
    assert sustained(halves, ramp(1, 1, 1, 1), 4).rate == 35


def test_failures_count_however_few() -> None:
    seconds = ramp(1, 1, 1, 1, 1)
    for second in (2, 3):
        seconds[second]["/v1/events"].failures = 1
    assert sustained(SLO, seconds, 5).rate == 20
