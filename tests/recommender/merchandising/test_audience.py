"""Rules for some shoppers alone, and for products by attribute and age."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from small_customers import small_customer_table

from features.live.shopper_state import entry_of, fold
from recommender.context.request import Request, Situation
from recommender.customers.tiers import Tier, TierPlan
from recommender.merchandising.audience import Audience, Whom, whom_of
from recommender.merchandising.rules import Rules, contradictions
from recommender.model.availability import Availability
from recommender.preview import preview
from recommender.recommend import Recommender
from recommender.why_not import why_not

from bundles import NOW, PRODUCTS, TODAY, item, small_bundle
from factories import event

SMALL = small_bundle()
BUNDLE = replace(SMALL, tables=replace(SMALL.tables, people=small_customer_table()))
AVAILABILITY = Availability.of(BUNDLE.tables)
TIERS = TierPlan((Tier("Silver", 10.0), Tier("Gold", 50.0)))
BOUGHT = fold(filter(None, [entry_of(event("purchase", items=[("pot", 1, 8.0)]), NOW)]))
NO_MUGS = {"id": "no-mugs", "kind": "hide", "products": ["mug"]}


def rules(*each: dict[str, Any]) -> Rules:
    return msgspec.convert([{"id": f"r-{n}", **rule} for n, rule in enumerate(each)], Rules)


def shop(*each: dict[str, Any]) -> Recommender:
    return Recommender(BUNDLE, AVAILABILITY, rules=rules(*each), tiers=TIERS)


def asked(**fields: Any) -> Request:
    return Request(**{"placement": "home", "now": NOW.timestamp(), **fields})


def shown(recommender: Recommender, **fields: Any) -> list[str]:
    return [PRODUCTS[pick.item] for pick in recommender.recommend(asked(**fields), 7)]


@pytest.mark.parametrize(
    ("fields", "whom"),
    [
        ({"customer_id": "ann"}, Whom("champions", "gold", "de", "google", returning=True)),
        ({"customer_id": "bob"}, Whom("new", "silver", None, "newsletter", returning=True)),
        ({"customer_id": "bob", "country": "AT"}, Whom("new", "silver", "at", "newsletter", returning=True)),
        ({"customer_id": "nobody"}, Whom()),
        ({}, Whom()),
        ({"country": "FR", "shopper": BOUGHT}, Whom(country="fr", returning=True)),
    ],
)
def test_whom_an_answer_is_for(fields: dict[str, Any], whom: Whom) -> None:
    assert whom_of(Situation(asked(**fields), BUNDLE), AVAILABILITY, TIERS) == whom


@pytest.mark.parametrize(
    ("audience", "holds"),
    [
        ({}, True),
        ({"tiers": ["silver", "GOLD"]}, True),
        ({"tiers": ["Silver"]}, False),
        ({"segments": ["loyal"], "countries": ["DE", "AT"]}, True),
        ({"segments": ["loyal"], "countries": ["AT"]}, False),
        ({"channels": ["google"], "visitors": "returning"}, True),
        ({"visitors": "first_time"}, False),
    ],
)
def test_all_that_is_named_must_fit(audience: dict[str, Any], holds: bool) -> None:
    ann = Whom("loyal", "gold", "de", "google", returning=True)
    assert msgspec.convert(audience, Audience).holds(ann) == holds


def test_a_rule_speaks_to_its_audience_alone() -> None:
    gold = shop({**NO_MUGS, "audience": {"tiers": ["Gold"]}})
    assert "mug" not in shown(gold, customer_id="ann")
    assert "mug" in shown(gold, customer_id="bob")
    assert "mug" in shown(gold)
    others = shop({**NO_MUGS, "not_for": {"tiers": ["Gold"]}})
    assert "mug" in shown(others, customer_id="ann")
    assert "mug" not in shown(others, customer_id="bob")
    assert "mug" not in shown(others)
    abroad = shop({**NO_MUGS, "audience": {"countries": ["FR"]}})
    assert ("mug" in shown(abroad), "mug" in shown(abroad, country="fr")) == (True, False)


def test_early_access_by_tier() -> None:
    first_day = BUNDLE.tables.product.first_day.copy()
    first_day[item("cup")] = TODAY - 3
    product = replace(BUNDLE.tables.product, first_day=first_day)
    early = {"kind": "hide", "newer_than_days": 7, "not_for": {"tiers": ["Gold"]}}
    new = replace(shop(early), bundle=replace(BUNDLE, tables=replace(BUNDLE.tables, product=product)))
    gold, others = {"placement": "new", "customer_id": "ann"}, {"placement": "new", "customer_id": "bob"}
    assert ("cup" in shown(new, **gold), "cup" in shown(new, **others)) == (True, False)
    assert "spoon" in shown(new, **others)
    assert "cup" in shown(new, **others, now=NOW.timestamp() + 4 * 86_400)  # no longer that new


def test_targets_by_attribute() -> None:
    red = shop({"kind": "hide", "filter": ["colour:red"]})
    assert {"mug", "pot"} & set(shown(red)) == set()
    red_kitchen = shop({"kind": "hide", "filter": ["!colour:red"], "categories": ["kitchen"]})
    assert {"mug", "pot", "tea", "tin"} == set(shown(red_kitchen))


def test_why_not_and_preview_know_whom_a_rule_is_about() -> None:
    rule = {**NO_MUGS, "audience": {"visitors": "first_time"}}
    assert why_not(shop(rule), asked(), 7, None, "mug")[1][0].evidence == {"rule": "no-mugs", "kind": "hide"}
    _, [for_nobody] = preview(shop(), rules(rule), asked(), 3, None)
    _, [for_ann] = preview(shop(), rules(rule), asked(customer_id="ann"), 3, None)
    assert (for_nobody.is_active, for_ann.is_active) == (True, False)


def test_a_shop_without_rules_for_some_has_one_plan() -> None:
    plain, some = shop(NO_MUGS), shop({**NO_MUGS, "audience": {"tiers": ["Gold"]}})
    assert plain.merchandise.plan("home", 0.0) is plain.merchandise.plan("home", 1.0)
    assert some.merchandise.plan("home", 0.0).allowed is None


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        (
            {"audience": {"segments": ["gold diggers"]}, "products": ["mug"]},
            "no segment `gold diggers`. There are new",
        ),
        ({}, "is about nothing"),
        ({"filter": ["colour"]}, "is no filter"),
    ],
)
def test_what_cannot_be_meant_is_refused(rule: dict[str, Any], complaint: str) -> None:
    assert complaint in contradictions(rules({"kind": "hide", **rule}))[0]


def test_pins_for_different_people_do_not_clash() -> None:
    pin = {"kind": "pin", "product_id": "tin", "position": 1}
    assert contradictions(rules(pin, {**pin, "product_id": "pot"}))
    assert not contradictions(rules(pin, {**pin, "product_id": "pot", "audience": {"tiers": ["Gold"]}}))
    gold_first = shop(pin, {**pin, "product_id": "pot", "audience": {"tiers": ["Gold"]}})
    assert shown(gold_first, customer_id="ann")[0] == "pot"
    assert shown(gold_first)[0] == "tin"
