"""From one moment until another, with open ends."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from recommender.validity import is_active, is_never, overlap

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Span(NamedTuple):
    from_: datetime | None = None
    until: datetime | None = None


def span(first: float | None, last: float | None) -> Span:
    """Hours from noon on; None: open."""
    return Span(*(None if hours is None else NOON + timedelta(hours=hours) for hours in (first, last)))


@pytest.mark.parametrize(
    ("first", "last", "active"),
    [(None, None, True), (0, 1, True), (-1, 0, False), (0, None, True), (1, None, False), (None, 0, False)],
)
def test_it_begins_with_its_first_moment_and_ends_before_its_last(
    first: float | None, last: float | None, active: bool
) -> None:
    assert is_active(span(first, last), NOON) == active


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (span(0, 2), span(1, 3), True),
        (span(0, 1), span(1, 2), False),  # one ends as the other begins
        (span(0, None), span(None, 1), True),
        (span(1, None), span(None, 1), False),
        (span(None, None), span(5, 6), True),
    ],
)
def test_two_overlap_where_a_moment_lies_in_both(one: Span, other: Span, together: bool) -> None:
    assert overlap(one, other) == overlap(other, one) == together


def test_what_ends_as_it_begins_is_never() -> None:
    assert [is_never(span(*hours)) for hours in ((0, 0), (1, 0), (0, 1), (None, 0))] == [
        True,
        True,
        False,
        False,
    ]
