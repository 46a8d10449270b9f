from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest

from recommender.offers.budgets import choices, prices, spent
from recommender.offers.catalogue import (
    Budget,
    Catalogue,
    Eligibility,
    Offer,
    contradictions,
    loses_everywhere,
)


def test_what_a_merchant_may_get_wrong() -> None:
    day = datetime(2026, 1, 1, tzinfo=UTC)
    catalogue = Catalogue(
        offers=(
            Offer(id="a", kind="percentage", value=0),
            Offer(id="a", kind="amount"),
            Offer(id="none", kind="content", from_=day, until=day),
            Offer(id="b", kind="content", budgets=("gone",)),
            Offer(id="c", kind="content", budgets=("b1", "b1")),
        ),
        budgets=(Budget(id="b1", amount=1),),
    )
    text = "\n".join(contradictions(catalogue))
    for part in (
        "2 offers",
        "`none` means",
        "ends before",
        "per cent",
        "`value` above 0",
        "`gone`",
        "charged twice",
    ):
        assert part in text
    assert contradictions(Catalogue(offers=(Offer(id="a", kind="content"),))) == []


@pytest.mark.parametrize(
    "wrong",
    [
        b'{"offers": [{"id": "a", "kind": "lottery"}]}',
        b'{"offers": [{"id": "a", "kind": "gift", "cost": -1}]}',
        b'{"exploration": 0.01}',
        b'{"offer": []}',
    ],
)
def test_what_is_no_catalogue_at_all_is_refused(wrong: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(wrong, type=Catalogue)


def test_an_offer_that_loses_money_on_every_product_is_named() -> None:
    half = Offer(id="half", kind="percentage", value=50)
    five = Offer(id="five", kind="amount", value=5)
    late = Offer(id="late", kind="amount", value=5, eligible=Eligibility(minimum_cart=40))
    catalogue = Catalogue(offers=(half, five, late), minimum_margin=0.1)
    problems = loses_everywhere(catalogue, prices=[10.0, 8.0], costs=[6.0, 6.0])
    assert [name for name in ("half", "five", "late") if any(f"`{name}`" in text for text in problems)] == [
        "half",
        "five",
    ]
    assert loses_everywhere(catalogue, prices=[], costs=[]) == []


def test_a_budget_is_kept_at_the_smallest_price() -> None:
    gain, cost = np.array([[3.0], [2.0], [1.0]]), np.ones((3, 1))
    drawn_on = np.ones((1, 1), bool)
    lambdas = prices(gain, cost, drawn_on, np.array([2.0]))
    assert lambdas == pytest.approx([1.0], abs=1e-3)
    assert choices(gain, cost, lambdas @ drawn_on).tolist() == [0, 0, -1]
    assert prices(gain, cost, drawn_on, np.array([3.0])).tolist() == [0.0]


def test_overlapping_budgets_are_all_kept_and_each_charged_once() -> None:
    rng = np.random.default_rng(5)
    gain, cost = rng.random((400, 3)), 0.5 + rng.random((400, 3))
    drawn_on = np.array([[True, True, False], [False, True, True]])
    amounts = np.array([40.0, 60.0])
    lambdas = prices(gain, cost, drawn_on, amounts)
    chosen = choices(gain, cost, lambdas @ drawn_on)
    taken = spent(chosen, cost, drawn_on)
    assert (taken <= amounts).all()
    assert (taken > 0.9 * amounts).all()
    both = cost[chosen == 1, 1].sum()
    assert taken.sum() == pytest.approx(cost[np.flatnonzero(chosen >= 0), chosen[chosen >= 0]].sum() + both)
