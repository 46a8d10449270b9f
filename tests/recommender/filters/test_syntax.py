"""Filters as text and as JSON."""

from collections.abc import Mapping
from typing import Any

import pytest

from recommender.filters.syntax import (
    BadFilter,
    Between,
    Either,
    Every,
    Filter,
    Not,
    OneOf,
    Present,
    conditions,
    read_filters,
)

RED = OneOf("colour", ("red",))


@pytest.mark.parametrize(
    ("given", "means"),
    [
        ("colour:red", RED),
        ("Colour: RED ", RED),
        ("!colour:red", Not(RED)),
        ("brand:Bodum|Acme", OneOf("brand", ("acme", "bodum"))),
        (r"brand:A\|B|C", OneOf("brand", ("a|b", "c"))),
        ("time:10:30", OneOf("time", ("10:30",))),
        ("weight:100..500", Between("weight", 100, 500)),
        ("g:Item Weight:..0.5", OneOf("g", ("item weight:..0.5",))),
        ("item weight:..0.5", Between("item_weight", None, 0.5)),
        ("weight:-1..", Between("weight", -1, None)),
        ("range:a..b", OneOf("range", ("a..b",))),
        ("material:*", Present("material")),
        ('{"colour": "red"}', RED),
        ({"colour": ["red"], "weight": {"min": 1}}, Every((RED, Between("weight", 1, None)))),
        (
            {"size": [38, 38.5], "vegan": True},
            Every((OneOf("size", ("38", "38.5")), OneOf("vegan", ("true",)))),
        ),
        ({"not": {"colour": "red"}}, Not(RED)),
        ({"or": [{"colour": "red"}, "weight:1..2"]}, Either((RED, Between("weight", 1, 2)))),
        ({"and": [{"colour": "red"}]}, Every((RED,))),
    ],
)
def test_what_is_written_is_what_is_meant(given: str | Mapping[str, Any], means: Filter) -> None:
    assert read_filters([given]) == means


def test_several_filters_must_all_hold() -> None:
    assert read_filters(["colour:red", "weight:..2"]) == Every((RED, Between("weight", None, 2)))
    assert list(conditions(read_filters([{"not": {"or": [{"a": 1}, {"b": 2}]}}]))) == [
        OneOf("a", ("1",)),
        OneOf("b", ("2",)),
    ]


@pytest.mark.parametrize(
    "given",
    [
        "colour",
        "colour:",
        ":red",
        "!",
        "colour: | ",
        "{",
        "[1]",
        "weight:5..1",
        {},
        {"colour": None},
        {"colour": [None]},
        {"colour": []},
        {"colour": {"least": 1}},
        {"weight": {"min": "heavy"}},
        {"or": []},
        {"or": {"colour": "red"}},
        {"not": ["colour"]},
        {"a": {"min": 2, "max": 1}},
        {"and": [{"and": [{"and": [{"and": [{"and": [{"and": [{"a": 1}]}]}]}]}]}]},
        {"or": [{f"a{n}": 1} for n in range(101)]},
    ],
)
def test_what_is_no_filter_is_refused(given: str | Mapping[str, Any]) -> None:
    with pytest.raises(BadFilter):
        read_filters([given])


def test_a_refusal_says_how_to_write_it() -> None:
    with pytest.raises(BadFilter, match=r"`colour` is no filter|colour is no filter.*Write `colour:red`"):
        read_filters(["colour"])
