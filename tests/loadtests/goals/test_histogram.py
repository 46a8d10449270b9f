import json
from random import Random

import pytest

from loadtests.goals.histogram import GROWTH, Histogram


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99, 0.999, 1.0])
def test_a_quantile_is_at_most_one_percent_above_the_exact_one(share: float) -> None:
    rng = Random(7)
    samples = sorted(rng.lognormvariate(-6, 1) for _ in range(20_000))
    histogram = Histogram()
    for sample in samples:
        histogram.add(sample)
    exact = samples[round(share * len(samples)) - 1]
    assert exact <= histogram.quantile(share) * (1 + 1e-9)
    assert histogram.quantile(share) <= exact * GROWTH * (1 + 1e-9)


def test_without_samples_everything_took_no_time() -> None:
    assert Histogram().quantile(0.99) == 0.0
    assert len(Histogram()) == 0


def test_merged_counts_are_those_of_both() -> None:
    fast, slow = Histogram(), Histogram()
    fast.add(0.001)
    for _ in range(3):
        slow.add(1.0)
    fast.merge(slow)
    assert len(fast) == 4
    assert fast.quantile(0.25) == pytest.approx(0.001, rel=0.01)
    assert fast.quantile(0.5) == pytest.approx(1.0, rel=0.01)


def test_what_is_saved_gives_the_latencies_back() -> None:
    histogram = Histogram()
    for seconds in (0.0, 0.002, 0.002, 0.5):
        histogram.add(seconds)
    saved = json.loads(json.dumps(histogram.as_dict()))
    took = [saved["growth"] ** int(bucket) / 1e6 for bucket in saved["counts"]]
    assert took == pytest.approx([1e-6, 0.002, 0.5], rel=0.01)
    assert list(saved["counts"].values()) == [1, 2, 1]
