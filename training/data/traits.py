"""What products say of themselves that makes one better than another: size, material, grade, rating."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from recommender.arrays.id_map import PackedBytes

SIZE, MATERIAL, GRADE, RATING = "size", "material", "grade", "rating"
SIZE_NAMES = (SIZE, "capacity", "volume", "weight", "net_weight", "pack_size", "contents", "größe", "taille")
MATERIAL_NAMES = (MATERIAL, "materials", "fabric", "matériau", "materiale", "materiaal")
GRADE_NAMES = (GRADE, "quality", "quality_grade", "product_line", "tier")
RATING_NAMES = (RATING, "average_rating", "rating_average", "avg_rating", "review_rating", "stars")
REVIEW_NAMES = ("reviews", "ratings", "number_of_reviews", "rating_count", "review_count")
"""Names under which shops give an attribute, the first that is there."""
GRADES = (
    "economy basic value",
    "standard classic good regular",
    "superior better plus comfort",
    "premium best pro",
)
"""Words of grades, the lowest first."""
LEAST_REVIEWS, BEST_RATING = 5, 5.0  # fewer say nothing; shops that count to ten or a hundred are left out

UNITS = {
    **dict.fromkeys(("g", "gr", "gram", "grams"), ("g", 1.0)),
    **dict.fromkeys(("kg", "kilo"), ("g", 1000.0)),
    **dict.fromkeys(("lb", "lbs"), ("g", 453.6)),
    "oz": ("g", 28.35),
    "ml": ("ml", 1.0),
    "cl": ("ml", 10.0),
    **dict.fromkeys(("l", "ltr", "litre", "litres", "liter", "liters"), ("ml", 1000.0)),
    "mm": ("cm", 0.1),
    "cm": ("cm", 1.0),
    "m": ("cm", 100.0),
    **dict.fromkeys(("inch", "inches"), ("cm", 2.54)),
}
MEASURE = re.compile(rf"(\d+(?:[.,]\d+)?)\s*({'|'.join(sorted(UNITS, key=len, reverse=True))})\b")
COUNT = re.compile(
    r"\b(?:set|pack|box|pair|lot|bag|pk)s?\s*(?:of\s*|/\s*)?(\d+)\b|\b(\d+)\s*-?\s*([^\W\d_]{3,})"
)
SIZE_WORDS = {"mini": 0, "small": 1, "medium": 2, "large": 3, "big": 3, "jumbo": 4, "giant": 4}
SIZE_WORD = re.compile(rf"\b({'|'.join(SIZE_WORDS)})\b")
NO_UNIT_PRICE = "word"  # the unit of words, which have no amount


class Size(NamedTuple):
    """Amounts by unit, and the title without them: equal for products that differ in size alone."""

    amounts: tuple[tuple[str, float], ...]
    rest: str


@dataclass(frozen=True)
class Traits:
    """Of each product its size, material and rank of grade (-1: unknown), its rating (NaN: unknown, or of too
    few reviews), and what a shopper is told of them."""

    sizes: Sequence[Size]
    material: Sequence[str]
    grade: NDArray[np.int32]
    rating: NDArray[np.float32]
    told: Sequence[Mapping[str, Any]]

    @classmethod
    def of(cls, titles: Sequence[str], attributes: pl.Series) -> Traits:
        """attributes: JSON as the catalogue keeps it, null for none."""
        given = [msgspec.json.decode(text) if text else {} for text in attributes]
        material = [_first(each, MATERIAL_NAMES) for each in given]
        grade = [_first(each, GRADE_NAMES) for each in given]
        rating = np.array([_rating(each) for each in given], np.float32)
        size = [_first(each, SIZE_NAMES) for each in given]
        sizes = [size_of(title, own) for title, own in zip(titles, size, strict=True)]
        shown = [own or _in_title(title) for title, own in zip(titles, size, strict=True)]
        told = [
            {
                name: value
                for name, value in zip((SIZE, MATERIAL, GRADE, RATING), values, strict=True)
                if value
            }
            for values in zip(shown, material, grade, map(_shown, rating), strict=True)
        ]
        return cls(sizes, [each.casefold() for each in material], _ranks(grade), rating, told)

    @cached_property
    def size_code(self) -> NDArray[np.int64]:
        """Equal for products of one size, and for those that tell none."""
        return _codes([size.amounts for size in self.sizes])

    @cached_property
    def rest_code(self) -> NDArray[np.int64]:
        """Equal for products whose titles differ in size alone."""
        return _codes([size.rest for size in self.sizes])

    @cached_property
    def material_code(self) -> NDArray[np.int64]:
        """-1 where unknown."""
        return np.where(np.array([not each for each in self.material], np.bool_), -1, _codes(self.material))

    def packed(self) -> PackedBytes:
        """What a shopper is told of each product, as JSON."""
        return PackedBytes.pack(map(msgspec.json.encode, self.told))


def size_of(title: str, given: str = "") -> Size:
    """The amounts that a title and a size attribute tell: measures, pieces, words such as "large"."""
    text = f"{title} {given}".lower() if given.lower() not in title.lower() else title.lower()
    amounts: dict[str, float] = {}
    for amount, unit in MEASURE.findall(text):
        name, factor = UNITS[unit]
        amounts.setdefault(name, round(float(amount.replace(",", ".")) * factor, 3))
    rest = MEASURE.sub("", text)
    for of_set, number, _ in COUNT.findall(rest):
        amounts.setdefault("pieces", float(of_set or number))
    for word in SIZE_WORD.findall(rest):
        amounts.setdefault(NO_UNIT_PRICE, float(SIZE_WORDS[word]))
    rest = SIZE_WORD.sub("", COUNT.sub(lambda found: found[3] or "", rest))
    return Size(tuple(sorted(amounts.items())), " ".join(re.findall(r"\w+", rest)))


def _in_title(title: str) -> str:
    """The size as the title has it: "1 kg", "set of 6", "large"."""
    for pattern in (MEASURE, COUNT, SIZE_WORD):
        if found := pattern.search(title.lower()):
            return found[0]
    return ""


def steps_up(size: Size, larger: Size, price_ratio: float) -> bool:
    """Whether the second is more of the same thing for no higher price of a unit."""
    before, after = dict(size.amounts), dict(larger.amounts)
    if before.keys() != after.keys() or not before:
        return False
    ratios = {unit: after[unit] / before[unit] for unit in before if unit != NO_UNIT_PRICE and before[unit]}
    words = after.get(NO_UNIT_PRICE, 0) - before.get(NO_UNIT_PRICE, 0)
    grown = [ratio for ratio in ratios.values() if ratio > 1]
    if min(ratios.values(), default=1.0) < 1 or words < 0 or not (grown or words):
        return False
    return not grown or price_ratio <= max(grown)


def _first(attributes: Mapping[str, Any], names: Sequence[str]) -> str:
    value = next((attributes[name] for name in names if attributes.get(name)), "")
    return str(value[0] if isinstance(value, list) else value).strip()


def _rating(attributes: Mapping[str, Any]) -> float:
    rating, reviews = (_number(_first(attributes, names)) for names in (RATING_NAMES, REVIEW_NAMES))
    return rating if 0 < rating <= BEST_RATING and not reviews < LEAST_REVIEWS else np.nan


def _number(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return float("nan")


def _shown(rating: np.float32) -> float | None:
    return None if np.isnan(rating) else round(float(rating), 1)


def _ranks(grades: Sequence[str]) -> NDArray[np.int32]:
    rank = {word: number for number, words in enumerate(GRADES) for word in words.split()}
    return np.array([rank.get(grade.casefold(), -1) for grade in grades], np.int32)


def _codes(values: Sequence[Any]) -> NDArray[np.int64]:
    codes = {value: code for code, value in enumerate(dict.fromkeys(values))}
    return np.array([codes[value] for value in values], np.int64)
