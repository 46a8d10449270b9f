"""What grew over hours, of samples made by hand; and of this process, live."""

import os
from collections.abc import Sequence

from features.time_units import HOUR_S
from loadtests.goals.slo import Row
from loadtests.traffic.soak import Sample, Watch, as_dict, growth

LIMITS = {"p99_growth": 1.1, "memory_mb_per_hour": 1, "descriptors": 5, "judged_from_s": HOUR_S}
HOURS = 4 * HOUR_S


def rows(*milliseconds: float) -> dict[int, dict[str, Row]]:
    """A second for each quarter of four hours, with 100 answers that took as long."""
    seconds = {}
    for quarter, took in enumerate(milliseconds):
        row = Row("/v1/events")
        row.latency.add(took / 1000, 100)
        seconds[quarter * HOUR_S + 10] = {"/v1/events": row}
    return seconds


def watched(memory_mb: Sequence[float], descriptors: Sequence[int] = (20,) * 4) -> Watch:
    """A sample at the end of each hour."""
    samples = [
        Sample((hour + 1) * HOUR_S, mb, files)
        for hour, (mb, files) in enumerate(zip(memory_mb, descriptors, strict=True))
    ]
    return Watch([1], {1: samples})


def test_what_stays_the_same_keeps_the_promise() -> None:
    assert growth(LIMITS, rows(10, 50, 50, 10.5), watched([70, 70.5, 71, 71.5]), HOURS) == []


def test_later_answers_may_not_be_slower() -> None:
    (complaint,) = growth(LIMITS, rows(10, 10, 10, 12), Watch(), HOURS)
    assert complaint.startswith("p99 grew from 10.")


def test_memory_may_not_rise_once_the_caches_are_full() -> None:
    assert growth(LIMITS, {}, watched([70, 72, 74, 76]), HOURS) == [
        "process 1 grows by 2.0 MB an hour, promised 1 at most"
    ]
    assert growth(LIMITS, {}, watched([20, 70, 70, 70]), HOURS) != []  # an hour is the second quarter here
    early = Watch([1], {1: [Sample(0, 10, 5), *watched([70] * 4).samples[1]]})
    assert growth(LIMITS, {}, early, HOURS) == []


def test_open_files_may_not_pile_up() -> None:
    assert growth(LIMITS, {}, watched([70] * 4, [20, 22, 24, 26]), HOURS) == [
        "process 1 holds 6 more open files, promised 5 at most"
    ]


def test_a_short_run_says_nothing() -> None:
    assert growth(LIMITS, rows(10, 10, 10, 90), watched([70, 80, 90, 100]), HOUR_S - 1) == []


def test_a_process_is_watched_until_it_ends() -> None:
    watch = Watch([os.getpid(), 2**22 + 1])
    watch.look(0.0)
    watch.look(1.0)
    ((pid, samples),) = as_dict(watch).items()
    assert pid == str(os.getpid())
    assert [sample[0] for sample in samples] == [0.0, 1.0]
    assert all(memory > 1 and files > 2 for _, memory, files in samples)
