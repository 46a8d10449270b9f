"""The shape and dtype that each array of a bundle must have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from typing import Any, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

ID_MAPS = {
    "products": "products",
    "customers": "customers",
    "categories": "categories",
    "brands": "brands",
    "people.facts.words": "words",
    "attributes.names": "attributes",
    "attributes.values": "attribute_values",
    "markets.countries": "countries",
    "offers.arms": "arms",
    "offers.features": "features",
    "offers.words": "offer_words",
}
"""Arrays of ids, and the name under which SHAPES counts them."""
SHAPES: tuple[tuple[str, str], ...] = (
    *((f"{part}.hashes", size) for part, size in ID_MAPS.items()),
    *((f"{part}.names.offsets", f"{size}+1") for part, size in ID_MAPS.items()),
    ("*.slots", "@"),
    ("*.blob", "@"),
    *((f"{name}.offsets", "products+1") for name in ("cards", "titles", "traits", "similar")),
    *((f"{name}.offsets", "products+1") for name in ("complements", "upgrades", "companions")),
    *((f"{name}.offsets", "products+1") for name in ("sets.pairs", "sessions.onward")),
    ("next_basket.partners.offsets", "products+1"),
    ("category_popular.offsets", "?"),  # without categories it has a row all the same
    ("purchases.offsets", "customers+1"),
    ("people.reorder.offsets", "customers+1"),
    ("next_basket.*.offsets", "customers+1"),  # pasts, peers, foreseen
    ("next_basket.foreseen.day", "1"),
    ("product.*", "products"),
    ("variant_groups.group", "products"),
    ("variant_groups.offsets", "?"),
    ("variant_groups.items", "?"),
    ("people.price_band", "products"),
    ("people.reorder.item_*", "products"),
    ("people.reorder.weights", "?"),
    ("people.reorder.errors", "? 2"),
    ("people.reorder.expected", "@ 3"),
    ("people.facts.*", "customers"),
    *((f"people.value.{name}", "customers") for name in ("*_day", "order_days", "revenue", "own_margin")),
    ("people.value.*_lift", "customers"),
    ("people.value.*_knots", "2 ?"),
    ("people.value.features_seen", "2 ?"),
    *((f"people.value.{name}", "1") for name in ("margin", "reference_weeks")),
    *((f"people.value.{name}", "2") for name in ("rare", "means", "far")),
    ("people.value.model", "5"),
    ("people.value.*", "?"),
    ("people.usual", "3"),
    ("factors.items", "products @factors"),
    ("factors.gram", "@factors @factors"),
    ("discovery.mix", "3"),
    ("discovery.boost", "products"),
    ("discovery.offsets", "customers+1"),
    ("discovery.*", "@"),
    ("cart_tuning", "2"),
    ("sessions.habits", "3"),
    *((f"sessions.{name}", "products") for name in ("popularity", "trend")),
    ("next_basket.blend", "2"),
    ("next_basket.best_sellers", "?"),
    ("*trees.leaves", "@ 32"),
    ("*trees.*", "@ @splits"),
    *((f"next_basket.{name}", "products") for name in ("popularity", "trend", "rebuys", "repeat_*")),
    ("attributes.holders.offsets", "attribute_values+1"),
    ("attributes.numbers.offsets", "attributes+1"),
    ("attributes.digests", "products"),
    ("attributes.*", "@"),
    ("local.said.offsets", "products+1"),
    ("markets.popular.offsets", "countries+1"),
    ("markets.popular.*", "@"),
    ("blends", "? ?"),
    ("sets.items", "@ 4"),
    ("sets.orders", "products"),
    ("offers.worlds", "@worlds arms ?"),
    ("offers.response", "@worlds"),
    *((f"offers.{name}", "@worlds arms") for name in ("size", "average")),
    ("offers.used", "arms"),
    *((f"offers.{name}", "features") for name in ("centre", "scale")),
    ("offers.anyway", "?"),
    ("offers.traffic", "@cases ?"),
    ("offers.traffic_names", "@cases 4"),
    *((f"offers.{name}", "1") for name in ("stage", "daily")),
    *((f"{name}.*", "@") for name in ("popular", "trending", "newest", "sets")),
    *((f"{name}.*", "@") for name in ("similar", "complements", "upgrades", "companions")),
    ("category_popular.*", "@"),
    *((f"{name}.*", "@") for name in ("purchases", "sessions.onward", "sets.pairs", "next_basket")),
    ("people.reorder.*", "@"),
)
"""The first pattern that fits an array's name: each axis is a number, a count of ids, `@`: of the rows of its
own table, `@name`: another length of that table, or `?`: any."""

Arrays = Mapping[str, NDArray[Any]]


def misshapen(arrays: Arrays) -> Iterator[str]:
    """What is wrong with the shapes, in words."""
    sizes = {
        size: len(arrays[f"{part}.hashes"]) for part, size in ID_MAPS.items() if f"{part}.hashes" in arrays
    }
    for name, array in arrays.items():
        wanted = (shape_of(name) or "").split()
        if wanted and len(wanted) != array.ndim:
            yield f"{name} has {array.ndim} axes, not {len(wanted)}"
            continue
        for axis, length in zip(wanted, array.shape, strict=bool(wanted)):
            if axis != "?" and length != (due := _length(axis, name, length, sizes)):
                yield f"{name} has {length} rows where {due} are due"


@lru_cache(1_000)
def shape_of(name: str) -> str | None:
    """Of an array, by SHAPES; None where no pattern fits."""
    return next((shape for pattern, shape in SHAPES if fnmatchcase(name, pattern)), None)


def wrong_dtypes(kind: type[Any], arrays: Arrays) -> Iterator[str]:
    """Arrays of another dtype than their field in a dataclass of arrays says."""
    for name, dtype in _dtypes(kind):  # type: ignore[arg-type]
        if name in arrays and arrays[name].dtype != dtype:
            yield f"{name} is {arrays[name].dtype}, not {dtype}"


def _length(axis: str, name: str, length: int, sizes: dict[str, int]) -> int:
    """What an axis must be. The first array of a table says how long its own lengths are."""
    if axis.isdigit():
        return int(axis)
    if axis.startswith("@"):
        return sizes.setdefault(f"{name.rpartition('.')[0]}{axis}", length)
    base, _, more = axis.partition("+")
    return sizes.get(base, 0) + int(more or 0)


@cache
def _dtypes(kind: type[Any]) -> tuple[tuple[str, np.dtype[Any]], ...]:
    """Of all its arrays. Cached: reading the annotations takes longer than a small bundle."""
    return tuple(_each_dtype(kind))


def _each_dtype(kind: type[Any], prefix: str = "") -> Iterator[tuple[str, np.dtype[Any]]]:
    hints = get_type_hints(kind)
    for each in (field for field in fields(kind) if field.init):
        hint, name = hints[each.name], f"{prefix}{each.name}"
        part = next((one for one in (hint, *get_args(hint)) if is_dataclass(one)), None)
        if part is not None:
            yield from _each_dtype(part, f"{name}.")  # type: ignore[arg-type]
            continue
        (scalar,) = get_args(get_args(hint)[-1])
        if scalar is not Any:
            yield name, np.dtype(scalar)
