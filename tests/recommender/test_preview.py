"""What each rule would change in one answer."""

from datetime import timedelta

from recommender.context.request import Request
from recommender.merchandising.rules import Hide, Pin
from recommender.model.availability import Availability
from recommender.preview import preview
from recommender.recommend import Pick, Recommender

from bundles import NOW, PRODUCTS, small_bundle

BUNDLE = small_bundle()
RULES = (
    Pin(id="first", product_id="tin", position=1),
    Hide(id="later", products=("tea",), from_=NOW + timedelta(days=1)),
    Hide(id="gone", products=("mug",)),
)


def names(picks: list[Pick]) -> list[str]:
    return [PRODUCTS[pick.item] for pick in picks]


def test_each_rule_is_added_to_those_before_it() -> None:
    saved = Recommender(BUNDLE, Availability.of(BUNDLE.tables), rules=RULES)
    plain, steps = preview(saved, RULES, Request("home", NOW.timestamp()), 3, None)
    assert names(plain) == ["mug", "tea", "spoon"]
    assert [(step.rule.id, step.is_active, names(step.before), names(step.after)) for step in steps] == [
        ("first", True, ["mug", "tea", "spoon"], ["tin", "mug", "tea"]),
        ("later", False, ["tin", "mug", "tea"], ["tin", "mug", "tea"]),
        ("gone", True, ["tin", "mug", "tea"], ["tin", "tea", "spoon"]),
    ]
