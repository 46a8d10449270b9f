"""Segments: every rule at its edges, and nobody without one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.value.segments import SEGMENTS, Rhythm, is_vip, segment_of, usual_gap

RHYTHM = Rhythm(gap_days=30.0, best_fifth=200.0, best_twentieth=500.0)


@pytest.mark.parametrize(
    ("orders", "revenue", "span", "recency", "name"),
    [
        (1, 50, 0, 60, "new"),  # 60 days are twice the usual 30
        (1, 50, 0, 61, "one-time"),
        (1, 900, 0, 400, "one-time"),
        (2, 50, 30, 45, "promising"),  # (30 + 2 * 30) / 3 = 30 days are usual; 45 are 1.5 times that
        (3, 50, 60, 45, "promising"),
        (2, 50, 30, 46, "at risk"),
        (2, 50, 30, 75, "at risk"),
        (2, 50, 30, 76, "about to leave"),
        (2, 50, 30, 120, "about to leave"),
        (2, 50, 30, 121, "lost"),
        (4, 199, 90, 10, "loyal"),
        (4, 200, 90, 10, "champions"),
        (9, 900, 90, 400, "lost"),
    ],
)
def test_the_rules(orders: int, revenue: float, span: float, recency: float, name: str) -> None:
    segment = segment_of(orders, revenue, span, recency, RHYTHM)
    assert segment is not None
    assert segment.name == name


@pytest.mark.parametrize(
    ("expected", "name"), [(0.9, "lost"), (1.0, "about to leave"), (4.0, "at risk"), (33.0, "at risk")]
)
def test_nobody_is_lost_of_whom_orders_are_expected(expected: float, name: str) -> None:
    segment = segment_of(100, 9_000, 90, 400, RHYTHM, lambda: expected)
    assert segment is not None
    assert segment.name == name


@pytest.mark.parametrize(("recency", "asked"), [(10, 0), (60, 0), (400, 1)])
def test_what_is_expected_is_worked_out_once_and_only_after_long_silence(recency: float, asked: int) -> None:
    calls: list[None] = []

    def expected() -> float:
        calls.append(None)
        return 0.0

    segment_of(5, 9_000, 100, recency, RHYTHM, expected)
    assert len(calls) == asked


def test_before_the_first_order_there_is_no_segment() -> None:
    assert segment_of(0, 0.0, 0.0, 0.0, RHYTHM) is None


def test_few_orders_wait_as_the_shop_does_and_many_as_they_always_did() -> None:
    assert usual_gap(1, 0.0, RHYTHM) == 30.0
    assert usual_gap(2, 90.0, RHYTHM) == pytest.approx(50.0)  # (90 + 60) / 3
    assert usual_gap(41, 400.0, RHYTHM) == pytest.approx(460 / 42)
    assert usual_gap(90, 10.0, RHYTHM) == 7.0  # several orders a week are no rhythm to be late by


def test_a_vip_ordered_twice_and_is_among_the_best_twentieth() -> None:
    assert is_vip(2, 500.0, RHYTHM)
    assert not is_vip(1, 900.0, RHYTHM)
    assert not is_vip(5, 499.0, RHYTHM)


@given(
    st.integers(1, 500),
    st.floats(-1e6, 1e6),
    st.floats(0, 1e5),
    st.floats(0, 1e5),
    st.floats(0.001, 1e4),
)
def test_everybody_with_an_order_has_a_segment(
    orders: int, revenue: float, span: float, recency: float, gap: float
) -> None:
    assert segment_of(orders, revenue, span, recency, Rhythm(gap, 100.0, 1000.0)) in SEGMENTS
