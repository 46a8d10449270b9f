"""A bundle's table of attributes: which products have which value of which attribute."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from features.catalogue.attributes import quantity
from recommender.arrays.dtypes import Float64s, Int32s, Int64s
from recommender.arrays.id_map import IdMap
from recommender.arrays.tables import InRows

Plain = Mapping[str, Sequence[str]]
"""Attribute -> its values, as `plain_attributes` makes them."""


@dataclass(frozen=True)
class Holders(InRows):
    """For each value the products that have it. offsets: (n_values + 1) int64; items: int32."""

    offsets: Int64s
    items: Int32s


@dataclass(frozen=True)
class Numbers(InRows):
    """For each attribute the products of which it is a number. offsets: (n_attributes + 1) int64; items:
    int32; amounts: float64, in the unit that most products give it in; of other units there are none."""

    offsets: Int64s
    items: Int32s
    amounts: Float64s


@dataclass(frozen=True)
class AttributeTable:
    """names: of attributes; values: `name:value` each; digests: (n_items) int64, of each product's attributes
    as they were when the model was trained (`attribute_digest`)."""

    names: IdMap
    values: IdMap
    holders: Holders
    numbers: Numbers
    digests: Int64s

    @classmethod
    def build(cls, attributes: Sequence[Plain], digests: Int64s) -> AttributeTable:
        """attributes: of each product."""
        holders: dict[str, list[int]] = defaultdict(list)
        names: dict[str, dict[int, Sequence[str]]] = defaultdict(dict)
        for item, of_item in enumerate(attributes):
            for name, values in of_item.items():
                names[name][item] = values
                for value in dict.fromkeys(values):
                    holders[f"{name}:{value}"].append(item)
        rows = [np.array(items, np.int32) for items in holders.values()]
        return cls(
            IdMap.build(list(names)),
            IdMap.build(list(holders)),
            Holders(_offsets(rows), np.concatenate([np.empty(0, np.int32), *rows])),
            _numbers(list(names.values())),
            digests,
        )

    @cached_property
    def known(self) -> list[str]:
        """Names of the attributes, in alphabetical order."""
        return sorted(map(self.names.name, range(len(self.names))))

    @cached_property
    def value_names(self) -> list[str]:
        """`name:value` of each row of `values`."""
        return [self.values.name(row) for row in range(len(self.values))]


def _numbers(of_names: Sequence[Mapping[int, Sequence[str]]]) -> Numbers:
    """of_names: of each attribute, item -> values."""
    items, amounts = [], []
    for of_name in of_names:
        found = {item: quantity(values[0]) for item, values in of_name.items() if len(values) == 1}
        units = [each[1] for each in found.values() if each]
        unit = max(sorted(set(units)), key=units.count, default="")
        own = {item: each[0] for item, each in found.items() if each and each[1] == unit}
        items.append(np.array(list(own), np.int32))
        amounts.append(np.array(list(own.values()), np.float64))
    return Numbers(
        _offsets(items),
        np.concatenate([np.empty(0, np.int32), *items]),
        np.concatenate([np.empty(0), *amounts]),
    )


def _offsets(rows: Sequence[Int32s]) -> Int64s:
    return np.cumsum([0, *map(len, rows)]).astype(np.int64)
