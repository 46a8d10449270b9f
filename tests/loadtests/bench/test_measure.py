"""What windows come to."""

import pytest

from loadtests.bench.generator import Window
from loadtests.bench.measure import RequestCost


def window(*milliseconds: float) -> Window:
    load = Window(seconds=1.0)
    for each in milliseconds:
        load.latency.add(each / 1000)
    return load


def test_a_pause_of_the_machine_in_one_window_does_not_decide() -> None:
    cost = RequestCost(
        windows=[window(*[1.0] * 98, 4.0, 4.0), window(*[1.0] * 50, *[900.0] * 50), window(2.0, 2.0)]
    )
    assert cost.paced_quantile(0.99) == pytest.approx(0.004, rel=0.05)
    assert cost.paced_quantile(0.5) == pytest.approx(0.001, rel=0.05)
