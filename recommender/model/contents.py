"""What the arrays of a bundle must hold, so that no answer can fail over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommender.arrays.id_map import NO_ROW
from recommender.model.shapes import ID_MAPS, Arrays, misshapen, wrong_dtypes

MAY_BE_UNKNOWN = frozenset(
    {"product.price", "product.cost", "people.value.margin", "people.value.own_margin"}
)
"""Arrays in which NaN says that a figure is not known."""
MAY_BE_INFINITE = "*trees.thresholds"  # of splits that a tree does not have
ROWS_OF = {
    "product.category": "categories",
    "product.brand": "brands",
    "people.reorder.item": "products",
    "next_basket.best_sellers": "products",
    "people.facts.currency": "words",
    "people.facts.channel": "words",
    "people.facts.country": "words",
    "people.facts.language": "words",
    "offers.traffic_names": "offer_words",
    "*.items": "products",
}
"""Arrays of rows of other tables, NO_ROW where there is none."""
Array = NDArray[Any]


def problems(kind: type[Any], arrays: Arrays) -> Iterator[str]:
    """What is wrong with the arrays of a dataclass of tables, in words; nothing where they may serve.

    Looks at each value once: a tenth of a second for a hundred megabytes.
    """
    shapes = [*wrong_dtypes(kind, arrays), *misshapen(arrays)]
    yield from shapes
    if not shapes:
        yield from _broken_numbers(arrays)
        yield from _broken_offsets(arrays)
        yield from _broken_rows(arrays)
        yield from _broken_groups(arrays)
        yield from _broken_id_maps(arrays)
        if not len(arrays["products.hashes"]) or not len(arrays["popular.items"]):
            yield "there is no product to show"


def broken_numbers(arrays: Mapping[str, Array]) -> Iterator[str]:
    """Names of arrays with values that are no numbers where there must be one."""
    for name, array in arrays.items():
        if array.dtype.kind != "f" or name in MAY_BE_UNKNOWN:
            continue
        is_bad = np.isnan(array) if fnmatchcase(name, MAY_BE_INFINITE) else ~np.isfinite(array)
        if is_bad.any():
            yield name


def _broken_numbers(arrays: Arrays) -> Iterator[str]:
    for name in broken_numbers(arrays):
        yield f"{name} holds values that are no numbers"


def _broken_offsets(arrays: Arrays) -> Iterator[str]:
    for name, offsets in arrays.items():
        table, _, column = name.rpartition(".")
        if column != "offsets":
            continue
        inside = [each for each in arrays if each.rpartition(".")[0] == table and each != name]
        rows = max(
            (len(arrays[each]) for each in inside if each.endswith(("items", "item", "blob"))), default=0
        )
        if offsets[0] != 0 or offsets[-1] != rows or (np.diff(offsets) < 0).any():
            yield f"{name} does not divide {rows} rows"


def _broken_rows(arrays: Arrays) -> Iterator[str]:
    for name, rows in arrays.items():
        other = next((table for pattern, table in ROWS_OF.items() if fnmatchcase(name, pattern)), None)
        if other is None or rows.dtype.kind != "i" or not rows.size:
            continue
        ids = next(part for part, size in ID_MAPS.items() if size == other)
        if rows.min() < NO_ROW or rows.max() >= len(arrays[f"{ids}.hashes"]):
            yield f"{name} names rows that {ids} does not have"


def _broken_groups(arrays: Arrays) -> Iterator[str]:
    group, groups = arrays["variant_groups.group"], len(arrays["variant_groups.offsets"]) - 1
    if group.size and (group.min() < NO_ROW or group.max() >= groups):
        yield "variant_groups.group names groups that are not there"


def _broken_id_maps(arrays: Arrays) -> Iterator[str]:
    for name in ID_MAPS:
        if f"{name}.slots" not in arrays:
            continue
        slots, ids = arrays[f"{name}.slots"], len(arrays[f"{name}.hashes"])
        taken = slots[slots != NO_ROW]
        is_power = len(slots) & (len(slots) - 1) == 0
        if not is_power or len(slots) <= ids or not np.array_equal(np.sort(taken), np.arange(ids)):
            yield f"{name}.slots does not hold each id once"
