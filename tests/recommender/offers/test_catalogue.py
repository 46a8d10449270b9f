from datetime import UTC, datetime

import msgspec
import pytest

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
