from typing import Any

import pytest

from loadtests.goals.slo import FAILED, PASSED, REFUSED, Generator, Row, judge, load_slo

SLO: dict[str, Any] = {
    "routes": {
        "/v1/recommendations": {"p50_ms": 10, "p95_ms": 20, "p99_ms": 50, "error_share": 0.01},
        "/v1/recommendations email": {"p50_ms": 100, "p95_ms": 200, "p99_ms": 500, "error_share": 0.0},
    },
    "generator": {"late_ms": 10, "late_share": 0.01, "cpu_share": 0.8},
}
CALM = Generator(arrivals=1_000, late=10, cpu_share=0.8)


def row(name: str, *milliseconds: float, failures: int = 0) -> Row:
    measured = Row(name, failures)
    for took in milliseconds:
        measured.latency.add(took / 1000)
    return measured


def test_kept_promises_pass() -> None:
    verdict = judge(SLO, [row("/v1/recommendations home", *[5] * 98, 30, 40)], CALM)
    assert verdict.breaches == verdict.refusals == []
    assert verdict.exit_code == PASSED


@pytest.mark.parametrize(
    ("latencies", "broken"),
    [
        ([11] * 100, ["p50"]),
        ([5] * 90 + [30] * 10, ["p95"]),
        ([5] * 98 + [60, 60], ["p99"]),
        ([60] * 100, ["p50", "p95", "p99"]),
    ],
)
def test_each_broken_promise_is_a_breach(latencies: list[float], broken: list[str]) -> None:
    verdict = judge(SLO, [row("/v1/recommendations home", *latencies)], CALM)
    assert verdict.exit_code == FAILED
    assert [breach.split(": ")[1].split()[0] for breach in verdict.breaches] == broken
    assert all(breach.startswith("/v1/recommendations home: ") for breach in verdict.breaches)


def test_errors_are_promised_too() -> None:
    fast = [5.0] * 100
    assert judge(SLO, [row("/v1/recommendations cart", *fast, failures=1)], CALM).exit_code == PASSED
    verdict = judge(SLO, [row("/v1/recommendations cart", *fast, failures=2)], CALM)
    assert verdict.breaches == ["/v1/recommendations cart: 2.00% of answers failed, promised 1.00%"]


def test_the_full_name_goes_before_the_route() -> None:
    verdict = judge(SLO, [row("/v1/recommendations email", *[60] * 100)], CALM)
    assert verdict.exit_code == PASSED


@pytest.mark.parametrize(
    ("generator", "word"),
    [
        (Generator(arrivals=1_000, late=11, cpu_share=0.1), "late"),
        (Generator(arrivals=1_000, late=0, cpu_share=0.81), "--rate"),
    ],
)
def test_a_generator_that_measured_itself_gets_no_verdict(generator: Generator, word: str) -> None:
    verdict = judge(SLO, [row("/v1/recommendations home", *[99] * 100)], generator)
    assert verdict.exit_code == REFUSED
    assert [word in refusal for refusal in verdict.refusals] == [True]


def test_nothing_measured_proves_nothing() -> None:
    assert judge(SLO, [], Generator()).exit_code == REFUSED


def test_a_route_without_a_promise_is_not_passed_over() -> None:
    with pytest.raises(KeyError, match="promises nothing"):
        judge(SLO, [row("/v1/offers", 1.0)], CALM)


def test_the_file_promises_something_for_everything_that_is_asked() -> None:
    names = ("/v1/events", *(f"/v1/recommendations {name}" for name in ("home", "cart", "email")))
    verdict = judge(load_slo(), [row(name, 1.0) for name in names], CALM)
    assert verdict.exit_code == PASSED
