"""What the recorder makes of answers, without a server."""

import subprocess
import sys

from serving import ROOT

SCRIPT = """
from loadtests.traffic.run import Recorder
from time import perf_counter
recorder = Recorder(late_s=0.01)
recorder.began = perf_counter() - 10  # ten seconds ago
for ago_s, late_s in ((9.5, 0.0), (9.5, 0.5), (1.5, 0.5)):
    recorder.record("/v1/events", ago_s * 1000, None, {"late_s": late_s})
for until in (0, 1, 9):
    generator = recorder.until(until)
    print(until, generator.arrivals, generator.late)
"""


def test_the_generator_is_judged_up_to_a_second() -> None:
    # In a process of its own: locust patches the standard library when it is imported.
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines() == ["0 3 2", "1 2 1", "9 3 2"]
