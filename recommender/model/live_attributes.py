"""Attributes of products that the shop changed since the model was trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from features.catalogue.attributes import plain_attributes, values_of
from features.live.log_entry import id_hash
from recommender.model.attribute_table import AttributeTable

SINGLE = ("brand", "category")  # attributes that have a field of their own


class LiveAttributes(NamedTuple):
    """Of one product. values: of what changed; is_whole: what `values` lack, it no longer has."""

    values: Mapping[str, Sequence[str]]
    is_whole: bool

    def get(self, name: str) -> Sequence[str] | None:
        """Its values now; None: as the model has them."""
        return self.values.get(name, () if self.is_whole and name not in SINGLE else None)


def attribute_digest(attributes: Mapping[str, Any] | None) -> int:
    """The same for equal attributes."""
    return id_hash(msgspec.json.encode(plain_attributes(attributes or {})).decode())


def live_attributes(fields: Mapping[str, Any], table: AttributeTable, item: int) -> LiveAttributes | None:
    """What the live fields of a product change; None: nothing."""
    values = {name: values_of(fields[name]) for name in SINGLE if name in fields}
    told = "attributes" in fields and attribute_digest(fields["attributes"]) != table.digests[item]
    if told:
        values |= plain_attributes(fields["attributes"] or {})
    return LiveAttributes(values, told) if values or told else None
