"""Loyalty tiers: a customer's tier, and plans that cannot be used."""

import pytest

from recommender.customers.tiers import BadTiers, TierPlan, TierStatus, read_plan, tier_status

SPEND = read_plan(b'{"tiers": [{"name": "Silver", "threshold": 100}, {"name": "Gold", "threshold": 500}]}')
POINTS = read_plan(b'{"by": "points", "points_per_unit": 0.5, "tiers": [{"name": "Leaf", "threshold": 10}]}')


@pytest.mark.parametrize(
    ("spend", "expected"),
    [
        (25.0, TierStatus(None, "spend", 25.0, "Silver", 75.0, 0.25)),
        (100.0, TierStatus("Silver", "spend", 100.0, "Gold", 400.0, 0.0)),
        (300.0, TierStatus("Silver", "spend", 300.0, "Gold", 200.0, 0.5)),
        (500.0, TierStatus("Gold", "spend", 500.0, None, None, 1.0)),
        (-5.0, TierStatus(None, "spend", 0.0, "Silver", 100.0, 0.0)),
    ],
)
def test_by_spend(spend: float, expected: TierStatus) -> None:
    assert SPEND is not None
    assert tier_status(SPEND, spend) == expected


def test_points_are_whole() -> None:
    assert POINTS is not None
    assert tier_status(POINTS, 19.9) == TierStatus(None, "points", 9.0, "Leaf", 1.0, 0.9)
    assert tier_status(POINTS, 20.0).name == "Leaf"


def test_without_tiers_nobody_is_on_the_way_to_one() -> None:
    assert tier_status(TierPlan(), 80.0) == TierStatus(None, "spend", 80.0, None, None, 1.0)


def test_without_a_file_there_is_no_plan() -> None:
    assert read_plan(None) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"{", "cannot be used"),
        (b"\xff", "cannot be used"),
        (b'{"tiers": [{"name": "A"}]}', "threshold"),
        (b'{"by": "visits"}', "visits"),
        (b'{"tiers": [{"name": "A", "threshold": -1}]}', ">= 0"),
        (
            b'{"tiers": [{"name": "A", "threshold": 9}, {"name": "B", "threshold": 9}]}',
            "above the one before",
        ),
        (b'{"tiers": [{"name": "A", "threshold": 1}, {"name": "A", "threshold": 9}]}', "same name"),
    ],
)
def test_a_plan_that_cannot_be_used_says_why(text: bytes, why: str) -> None:
    with pytest.raises(BadTiers, match=why):
        read_plan(text)
