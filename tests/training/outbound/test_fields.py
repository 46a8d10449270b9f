"""What a service learns of a customer, and when that is news."""

from dataclasses import replace
from datetime import date

import pytest
from msgspec.structs import replace as changed
from small_customers import bundle_with_customers

from features.live.customer_facts import CustomerState
from recommender.experiments.assignment import Trials, is_held_out
from recommender.lifecycle.knowledge import Knowledge
from recommender.model.availability import Availability
from recommender.recommend import Recommender
from training.outbound.fields import CustomerFields, cards_of, fields_of, flat, profile_of

from bundles import NOW

THERE = CustomerFields(
    "loyal", "gold", "EUR", 120.0, 80.0, 160.0, date(2026, 12, 16), picks=({"title": "Pot"},)
)


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    bundle = bundle_with_customers()
    return Knowledge(Recommender(bundle, Availability.of(bundle.tables)))


def fields(knowledge: Knowledge, customer: str) -> CustomerFields:
    return fields_of(knowledge, customer, CustomerState(), NOW.timestamp())


def test_fields_are_those_of_the_profile_and_of_answers(knowledge: Knowledge) -> None:
    profile = profile_of(knowledge, "ann", CustomerState(), NOW.timestamp())
    ann = fields(knowledge, "ann")
    assert profile.predicted_clv_365d
    assert profile.next_order_date
    assert ann.value_365d == round(profile.predicted_clv_365d.value, 2)
    assert (ann.next_order, ann.next_order_latest) == (
        profile.next_order_date.expected,
        profile.next_order_date.latest,
    )
    assert ann.segment == profile.segment
    assert len(ann.picks) == 4
    assert set(ann.picks[0]) == {"product_id", "title", "price", "currency"}


def test_without_a_model_there_is_nothing() -> None:
    assert fields(Knowledge(), "ann") == CustomerFields()
    assert cards_of(Knowledge(), ("pot",)) == [{"product_id": "pot"}]


def test_a_product_that_no_model_knows_is_its_id(knowledge: Knowledge) -> None:
    known, unknown = cards_of(knowledge, ("pot", "brand-new"))
    assert known["title"] == "Pot"
    assert unknown == {"product_id": "brand-new"}


def test_who_is_held_out_gets_best_sellers(knowledge: Knowledge) -> None:
    assert is_held_out("ann", 0.9999)
    held_out = replace(knowledge, trials=Trials((), 0.9999))
    assert [each["product_id"] for each in fields(held_out, "ann").picks] == ["mug", "tea", "spoon", "kettle"]
    assert fields(knowledge, "ann").picks != fields(held_out, "ann").picks


@pytest.mark.parametrize(
    ("news", "is_news"),
    [
        (changed(THERE, value_365d=121.0, value_365d_low=79.0), False),
        (changed(THERE, next_order=date(2026, 12, 18)), False),
        (changed(THERE, value_365d=140.0), True),
        (changed(THERE, next_order=date(2026, 12, 23)), True),
        (changed(THERE, segment="lapsed"), True),
        (changed(THERE, tier=None), True),
        (changed(THERE, picks=()), True),
    ],
)
def test_what_hardly_moves_is_no_news(news: CustomerFields, is_news: bool) -> None:
    assert (news.digest() != THERE.digest()) == is_news


def test_every_field_has_a_name_of_its_own() -> None:
    names = flat(THERE, 2)
    assert (names["value_365d"], names["next_order"], names["pick1_title"]) == (120.0, "2026-12-16", "Pot")
    assert names["next_order_latest"] == names["pick1_image"] == names["pick2_title"] == ""
    assert set(flat(None, 2)) == set(names)
    assert not any(flat(None, 2).values())
