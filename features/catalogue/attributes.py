"""What a shop says of its products beyond the columns of every catalogue: colour, material, countries ..."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

MOST_ATTRIBUTES, MOST_VALUES = 100, 300  # of a product; of an attribute
Value = Annotated[str, msgspec.Meta(max_length=512)] | bool | float
Values = Annotated[list[Value], msgspec.Meta(min_length=1, max_length=MOST_VALUES)]
AttributeName = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Attributes = Annotated[dict[AttributeName, Value | Values | None], msgspec.Meta(max_length=MOST_ATTRIBUTES)]
"""Name -> a text, a number, yes or no, or a list of them; null: none."""
QUANTITY = re.compile(r"([-+]?\d+(?:[.,]\d+)?)\s*([^\W\d_]{0,12}²?)\Z")


def attribute_name(name: str) -> str:
    """A name as filters know it: `g:Item Weight` is `item_weight`."""
    return re.sub(r"\W+", "_", name.casefold().strip().removeprefix("g:")).strip("_")


def value_text(value: Any) -> str:
    """A value as filters compare it: without case and outer blanks, yes and no as `true` and `false`, 250.0
    as `250`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip().casefold()


def values_of(value: Any) -> list[str]:
    """All values of an attribute, as filters compare them."""
    each = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    return [text for one in each if one is not None and (text := value_text(one))]


def quantity(text: str) -> tuple[float, str] | None:
    """(number, unit) of `250`, `0,5 kg` or `12 cm`; None of anything else."""
    match = QUANTITY.match(text)
    return (float(match[1].replace(",", ".")), match[2]) if match else None


def plain_attributes(attributes: Mapping[str, Any]) -> dict[str, list[str]]:
    """Name -> values, both as filters compare them; names without a value are left out."""
    plain = {attribute_name(name): values_of(value) for name, value in attributes.items()}
    return {name: values for name, values in sorted(plain.items()) if name and values}


def attributes_json(attributes: Mapping[str, Any]) -> str:
    """One text for equal attributes: as the catalogue keeps them."""
    kept = {attribute_name(name): value for name, value in attributes.items() if values_of(value)}
    return msgspec.json.encode(kept, order="sorted").decode()
