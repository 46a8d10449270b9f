"""Rules, and answers under them, on a bundle small enough to reckon by hand.

Covers recommender/merchandising/compiled_rules.py and rerank.py, too.
"""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from recommender.context.request import Request
from recommender.merchandising.rules import Rules, contradictions, unknown_names
from recommender.model.availability import Availability
from recommender.recommend import Pick, Recommender

from bundles import NOW, PRODUCTS, small_bundle

BUNDLE = small_bundle()
AVAILABILITY = Availability.of(BUNDLE.tables)
# Nobody's home, most popular first; kitchen: all but tea and tin.
PLAIN = ["mug", "tea", "spoon", "kettle", "cup", "pot", "tin"]


def rules(*each: dict[str, Any]) -> Rules:
    """As a merchant writes them; ids are filled in."""
    return msgspec.convert([{"id": f"r-{n}", **rule} for n, rule in enumerate(each)], Rules)


def picks(
    *each: dict[str, Any],
    k: int = 7,
    availability: Availability = AVAILABILITY,
    visitor: str | None = None,
    days: float = 0,
    **fields: Any,
) -> list[Pick]:
    question = Request(**{"placement": "home", "now": NOW.timestamp() + days * 86_400, **fields})
    return Recommender(BUNDLE, availability, rules=rules(*each)).recommend(question, k, visitor)


def shown(*each: dict[str, Any], **fields: Any) -> list[str]:
    return [PRODUCTS[pick.item] for pick in picks(*each, **fields)]


def test_without_rules_nothing_changes() -> None:
    assert shown() == PLAIN
    assert shown({"kind": "hide", "products": ["mug"], "placements": ["cart"]}) == PLAIN


def test_pins_stand_where_they_are_put() -> None:
    pins = (
        {"kind": "pin", "product_id": "tin", "position": 2},
        {"kind": "pin", "product_id": "pot", "position": 1},
    )
    assert shown(*pins, k=4) == ["pot", "tin", "mug", "tea"]
    first = picks(*pins, k=4)[0]
    assert (first.source, first.reason.code, first.score) == ("pinned", "pinned", 1.0)


@pytest.mark.parametrize(
    ("pin", "question"),
    [
        ({"product_id": "tin", "position": 4}, {"k": 3}),
        ({"product_id": "no such", "position": 1}, {}),
        ({"product_id": "postage", "position": 1}, {}),
        ({"product_id": "tin", "position": 1}, {"exclude": ("tin",)}),
        ({"product_id": "tin", "position": 1}, {"category": "kitchen"}),
        (
            {"product_id": "tin", "position": 1},
            {"availability": AVAILABILITY.changed(BUNDLE.tables, {"tin": {"stock": 0}})},
        ),
    ],
)
def test_a_pin_shows_nothing_that_may_not_be_shown(pin: dict[str, Any], question: dict[str, Any]) -> None:
    assert shown({"kind": "pin", **pin}, **question) == shown(**question)


def test_a_pin_beyond_what_there_is_comes_last() -> None:
    pin = {"kind": "pin", "product_id": "tea", "position": 5}
    assert shown(pin, category="pantry", k=7) == ["tin", "tea"]


def test_products_pinned_beyond_the_answer_are_as_without_a_pin() -> None:
    pins = [
        {"kind": "pin", "product_id": name, "position": 9 + n} for n, name in enumerate(("pot", "tin", "mug"))
    ]
    cart = {"placement": "cart", "cart": ("kettle",), "k": 6}
    assert shown(*pins, **cart) == shown(**cart)
    assert len(set(shown(**cart))) == 6


def test_factors_multiply_scores() -> None:
    # popular falls from 1 by .15 a rank: mug 1, tea .85, spoon .7, kettle .55, cup .4, pot .25, tin .1
    boost = {"kind": "boost", "products": ["kettle"], "factor": 2}  # 1.1: before mug
    bury = {"kind": "bury", "categories": ["pantry"], "factor": 0.5}  # tea .425, tin .05
    assert shown(boost) == ["kettle", "mug", "tea", "spoon", "cup", "pot", "tin"]
    assert shown(bury) == ["mug", "spoon", "kettle", "tea", "cup", "pot", "tin"]
    again = {"kind": "bury", "products": ["kettle"], "factor": 0.5}  # 2 x .5: as without
    assert shown(boost, again) == PLAIN
    assert shown({"kind": "boost", "brands": ["fern"], "factor": 3}) == PLAIN
    scores = [pick.score for pick in picks(boost)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == 1.0
    assert scores[1] == pytest.approx(1 / 1.1)


def test_what_is_hidden_is_nowhere() -> None:
    hide = {"kind": "hide", "products": ["mug"], "categories": ["pantry"]}
    assert shown(hide) == ["spoon", "kettle", "cup", "pot"]
    assert shown(hide, {"kind": "pin", "product_id": "tea", "position": 1}) == shown(hide)
    assert shown(hide, placement="product_complements", product_id="kettle") == []


def test_caps_hold_over_the_whole_answer() -> None:
    cap = {"kind": "cap", "by": "category", "most": 1}
    assert shown(cap) == ["mug", "tea"]
    assert shown(cap, {"kind": "pin", "product_id": "tin", "position": 1}) == ["tin", "mug"]
    # tea (pantry) and mug (kitchen) go with the kettle; popular may add nothing
    assert shown(cap, placement="product_complements", product_id="kettle") == ["tea", "mug"]
    assert shown({**cap, "only": ["pantry"]}) == [name for name in PLAIN if name != "tin"]
    assert len(shown({"kind": "cap", "by": "brand", "most": 3})) == 3


def test_diversity_parts_what_is_alike_while_it_can() -> None:
    assert shown({"kind": "diversity", "by": "category", "in_a_row": 1}, k=5) == [
        "mug",
        "tea",
        "spoon",
        "tin",
        "kettle",
    ]
    assert shown({"kind": "diversity", "by": "category", "in_a_row": 2}, k=6) == [
        "mug",
        "tea",
        "spoon",
        "kettle",
        "tin",
        "cup",
    ]


def test_rotation_shows_other_products_each_day_and_the_same_all_day() -> None:
    turns = {"kind": "rotation", "days": 2}
    first, same, second, third = (shown(turns, k=3, visitor="ann", days=days) for days in (0, 0.4, 1, 2))
    assert first == same == third
    assert {tuple(first), tuple(second)} == {("mug", "spoon", "cup"), ("tea", "kettle", "pot")}
    assert shown(turns, k=3) == PLAIN[:3]  # nobody we know
    starts = {tuple(shown(turns, k=3, visitor=f"v-{n}")) for n in range(20)}
    assert starts == {tuple(first), tuple(second)}


def test_margins_need_a_known_cost() -> None:
    # mug 8: leaves 3 / 8 = .375; tea 5: leaves .2
    availability = AVAILABILITY.changed(BUNDLE.tables, {"mug": {"cost": 5.0}, "tea": {"cost": 4.0}})
    assert shown({"kind": "margin", "minimum": 0.3}, availability=availability) == [
        name for name in PLAIN if name != "tea"
    ]
    assert shown({"kind": "margin", "minimum": 0.1}, availability=availability) == PLAIN
    forgotten = availability.changed(BUNDLE.tables, {"tea": {"cost": None}})
    assert shown({"kind": "margin", "minimum": 0.3}, availability=forgotten) == PLAIN


def test_a_rule_is_active_from_its_beginning_until_its_end() -> None:
    hide = {
        "kind": "hide",
        "products": ["mug"],
        "from": NOW.isoformat(),
        "until": (NOW + timedelta(1)).isoformat(),
    }
    recommender = Recommender(BUNDLE, AVAILABILITY, rules=rules(hide))

    def first(seconds: float) -> str:
        return PRODUCTS[recommender.recommend(Request("home", now=NOW.timestamp() + seconds), 1)[0].item]

    assert [first(moment) for moment in (-1, 0, 86_399, 86_400)] == ["mug", "tea", "tea", "mug"]


PIN = {"kind": "pin", "product_id": "mug", "position": 1}


@pytest.mark.parametrize(
    ("each", "complaint"),
    [
        ([PIN, {**PIN, "product_id": "tea"}], "`r-0` and `r-1` pin to position 1"),
        ([PIN, {**PIN, "position": 2}], "pin `mug` to two positions"),
        ([{"kind": "hide"}], "`r-0` is about nothing"),
        ([{"kind": "hide", "brands": ["x"], "id": "a"}] * 2, "2 rules are called `a`"),
        ([{**PIN, "from": "2026-12-02T00:00:00Z", "until": "2026-12-01T00:00:00Z"}], "ends before it begins"),
    ],
)
def test_contradictions_say_what_to_do(each: list[dict[str, Any]], complaint: str) -> None:
    (problem,) = contradictions(rules(*each))
    assert complaint in problem


def test_pins_that_never_meet_do_not_clash() -> None:
    tea = {**PIN, "product_id": "tea"}
    assert contradictions(rules({**PIN, "placements": ["home"]}, {**tea, "placements": ["cart"]})) == []
    moment = "2026-12-01T00:00:00+01:00"
    assert contradictions(rules({**PIN, "until": moment}, {**tea, "from": moment})) == []


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ({"kind": "boost", "brands": ["fern"], "factor": 0.5}, "> 1"),
        ({"kind": "bury", "brands": ["fern"], "factor": 2}, "< 1"),
        ({"kind": "bury", "brands": ["fern"], "factor": 0}, "> 0"),
        ({"kind": "margin", "minimum": 20}, "< 1"),
        ({"kind": "pin", "product_id": "mug", "position": 0}, ">= 1"),
        ({"kind": "rotation", "days": 1}, ">= 2"),
        ({"kind": "raise"}, "Invalid value 'raise'"),
        ({"kind": "hide", "brand": ["fern"]}, "unknown field `brand`"),
        ({"kind": "hide", "placements": ["nowhere"]}, "Invalid enum value"),
        ({"kind": "hide", "from": "2026-12-01T00:00:00"}, "timezone"),
    ],
)
def test_rules_out_of_range_are_refused(rule: dict[str, Any], complaint: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=complaint):
        rules(rule)


def test_unknown_names_are_told() -> None:
    in_model = {
        "kind": "boost",
        "products": ["mug"],
        "categories": ["pantry"],
        "brands": ["fern"],
        "factor": 2,
    }
    not_in_model = {"kind": "cap", "by": "brand", "most": 1, "only": ["ivy"]}
    unknown = unknown_names(rules(in_model, not_in_model, {**PIN, "product_id": "jug"}), BUNDLE.tables)
    assert [line.split(":")[1].split(" in ")[0] for line in unknown] == [
        " no brand `ivy`",
        " no product `jug`",
    ]


def test_rules_hold_for_favourites_and_for_new_products_alike() -> None:
    pin = {"kind": "pin", "product_id": "tin", "position": 2}
    answer = shown(pin, {"kind": "hide", "products": ["mug"]}, k=4, customer_id="ann")
    assert answer[1] == "tin"
    assert {"tea", "mug"} & set(answer) == {"tea"}
    capped = shown({"kind": "cap", "by": "category", "most": 1, "only": ["pantry"]}, k=5, customer_id="ann")
    assert len({"tea", "tin"} & set(capped)) == 1
    new = [name for name in shown(k=6, customer_id="ann") if name not in ("tea", "mug")]
    last = {"kind": "boost", "products": [new[-1]], "factor": 100}
    boosted = [name for name in shown(last, k=6, customer_id="ann") if name not in ("tea", "mug")]
    assert boosted[0] == new[-1]
