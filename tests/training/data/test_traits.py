from collections.abc import Mapping

import numpy as np
import polars as pl
import pytest

from features.catalogue.attributes import attributes_json
from training.data.traits import Traits, size_of, steps_up


@pytest.mark.parametrize(
    ("title", "given", "amounts"),
    [
        ("Coffee Beans, 250 g", "", {"g": 250}),
        ("Coffee Beans", "1 kg", {"g": 1000}),
        ("Kaffee 0,5 kg", "0,5 kg", {"g": 500}),
        ("SET OF 6 SPICE TINS", "", {"pieces": 6}),
        ("SET/20 NAPKINS", "", {"pieces": 20}),
        ("6 RIBBONS EMPIRE", "", {"pieces": 6}),
        ("Large Notebook, 21 cm", "", {"cm": 21, "word": 3}),
        ("Mug", "", {}),
    ],
)
def test_sizes_are_read_from_titles_and_attributes(title: str, given: str, amounts: dict[str, float]) -> None:
    assert dict(size_of(title, given).amounts) == amounts


@pytest.mark.parametrize(
    ("smaller", "larger", "price_ratio", "is_step"),
    [
        ("Beans 250 g", "Beans 1 kg", 3.6, True),
        ("Beans 250 g", "Beans 1 kg", 4.1, False),  # dearer by weight
        ("Beans 1 kg", "Beans 250 g", 1.2, False),
        ("Small heart", "Large heart", 1.8, True),
        ("Large heart", "Small heart", 1.8, False),
        ("Beans 250 g", "Beans", 1.2, False),
        ("Beans", "Beans", 1.2, False),
        ("Small set of 6", "Large set of 4", 1.2, False),
    ],
)
def test_a_step_up_is_more_for_no_higher_price_of_a_unit(
    smaller: str, larger: str, price_ratio: float, is_step: bool
) -> None:
    assert steps_up(size_of(smaller), size_of(larger), price_ratio) is is_step


def traits(*attributes: Mapping[str, object]) -> Traits:
    given = pl.Series([attributes_json(each) if each else None for each in attributes], dtype=pl.String)
    return Traits.of(["Small bowl"] * len(attributes), given)


def test_attributes_say_material_grade_and_rating() -> None:
    found = traits({"Material": ["Oak", "Steel"], "Grade": "Premium", "Rating": "4,8", "Reviews": 31}, {})
    assert found.material == ["oak", ""]
    assert found.material_code.tolist() == [0, -1]
    assert found.grade.tolist() == [3, -1]
    assert found.rating == pytest.approx([4.8, np.nan], nan_ok=True)
    assert found.told[0] == {"size": "small", "material": "Oak", "grade": "Premium", "rating": 4.8}
    assert found.packed()[1] == b'{"size":"small"}'


def test_ratings_of_few_or_in_another_scale_say_nothing() -> None:
    few = {"rating": 4.9, "reviews": 3}
    unsaid, percent, words = {"rating": 4.9}, {"rating": 96, "reviews": 80}, {"rating": "good"}
    assert np.isnan(traits(few, unsaid, percent, words).rating).tolist() == [True, False, True, True]
