"""What is better: by sizes, ratings, materials, grades, and what buyers do."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
import pytest

from features.catalogue.attributes import attributes_json
from recommender.sources.upgrades import BETTER_GRADE, BETTER_RATED, BOUGHT_AGAIN, LARGER, OTHER_MATERIAL
from training.data.traits import Traits
from training.models.product_kinds import Content, closest
from training.models.upgrades import upgrades

STEEL = {"material": "steel", "rating": 4.2}
CASES = [
    ("Pan", STEEL, "Pan", {"material": "iron", "rating": 4.6}, OTHER_MATERIAL + BETTER_RATED),
    ("Pan", STEEL, "Pan", {"material": "iron", "rating": 4.25}, 0),  # another material alone says nothing
    ("Pan", {"grade": "basic"}, "Pan", {"grade": "premium"}, BETTER_GRADE),
    ("Pan", {"grade": "basic", "rating": 4.6}, "Pan", {"grade": "premium", "rating": 4.1}, 0),
    ("Pan 20 cm", {"rating": 4}, "Pan 28 cm", {"rating": 4.7}, LARGER),
    ("Iron pan 20 cm", {"rating": 4}, "Oak pan 28 cm", {"rating": 4.7}, 0),  # no size to compare
    ("Pan", {}, "Pan", {}, 0),
]


def found(
    titles: Sequence[str],
    attributes: Sequence[Mapping[str, object]],
    price: list[float],
    **columns: list[float],
) -> dict[int, int]:
    """Of the first product: better ones -> codes. All are of one category."""
    n = len(titles)
    category = np.array(columns.get("category", [0] * n), np.int32)
    content = Content.of(titles, category, np.full(n, -1, np.int32))
    table = upgrades(
        closest(content, np.array(price, np.float32), kept=5),
        content,
        np.array(columns.get("group", [-1] * n), np.int32),
        np.array(price, np.float32),
        Traits.of(titles, pl.Series([attributes_json(each) for each in attributes])),
        np.array(columns.get("buyers", [0] * n), np.int32),
        np.array(columns.get("repeat_rate", [0] * n), np.float32),
    ).of(0)
    return dict(zip(table.items.tolist(), table.together.tolist(), strict=True))


@pytest.mark.parametrize(("title", "given", "other", "others", "code"), CASES)
def test_what_is_better_is_told_by_attributes(
    title: str, given: Mapping[str, object], other: str, others: Mapping[str, object], code: int
) -> None:
    assert found([title, other], [given, others], [10, 13]) == ({1: code} if code else {})


@pytest.mark.parametrize(
    "changed",
    [
        {"price": [10, 10.5]},
        {"price": [10, 31]},
        {"price": [np.nan, 13]},
        {"category": [0, 1]},
        {"category": [-1, -1]},  # "pan" is all that is known: too wide a kind
        {"group": [5, 5]},
    ],
)
def test_another_kind_price_or_variant_is_no_step_up(changed: dict[str, list[float]]) -> None:
    given = ({"rating": 4.0}, {"rating": 4.7})
    columns: dict[str, list[float]] = {"price": [10, 13], **changed}
    assert found(["Pan", "Pan"], given, columns.pop("price"), **columns) == {}


def test_buyers_who_come_back_say_it_too_where_there_are_enough() -> None:
    for buyers, rates, code in ((400, (0.1, 0.2), BOUGHT_AGAIN), (20, (0.1, 0.4), 0), (400, (0.1, 0.12), 0)):
        columns: dict[str, list[float]] = {"buyers": [buyers] * 2, "repeat_rate": list(rates)}
        assert found(["Pan", "Pan"], [{}, {}], [10, 13], **columns) == ({1: code} if code else {})


def test_the_nearest_step_comes_first() -> None:
    given = ({"rating": 4.0}, {"rating": 4.8}, {"rating": 4.4})
    assert list(found(["Pan"] * 3, given, [10, 28, 17])) == [2, 1]
