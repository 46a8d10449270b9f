"""Filters as requests write them, as text or JSON, and as the recommender takes them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NoReturn

import msgspec

from features.catalogue.attributes import attribute_name, value_text

MOST_CONDITIONS, DEEPEST = 100, 6
NUMBER = r"[-+]?\d+(?:\.\d+)?"
RANGE = re.compile(rf"({NUMBER})?\.\.({NUMBER})?")
HOW = (
    "Write `colour:red`, `brand:Acme|Bodum`, `!colour:red`, `weight:100..500`, `material:*`, or JSON such as"
    ' {"brand": ["Acme", "Bodum"], "weight": {"min": 100}, "not": {"colour": "red"}}.'
)


class BadFilter(ValueError):
    """A filter that cannot be read; the message says how to write it."""


class OneOf(msgspec.Struct, frozen=True, tag=True):
    """An attribute has one of these values, which are as `value_text` makes them."""

    name: str
    values: tuple[str, ...]


class Between(msgspec.Struct, frozen=True, tag=True):
    """An attribute is a number from `least` to `most`, both included; None: without that end."""

    name: str
    least: float | None
    most: float | None

    def holds(self, amount: Any) -> Any:
        """Whether it is true of a number; of each one of an array."""
        least = -math.inf if self.least is None else self.least
        most = math.inf if self.most is None else self.most
        return (amount >= least) & (amount <= most)


class Present(msgspec.Struct, frozen=True, tag=True):
    """An attribute has any value."""

    name: str


class Not(msgspec.Struct, frozen=True, tag=True):
    """What is not so, also where nothing is known."""

    of: Filter


class Every(msgspec.Struct, frozen=True, tag=True):
    """All of them hold."""

    of: tuple[Filter, ...]


class Either(msgspec.Struct, frozen=True, tag=True):
    """At least one of them holds."""

    of: tuple[Filter, ...]


Condition = OneOf | Between | Present
Filter = Condition | Not | Every | Either


def conditions(filter: Filter) -> Iterator[Condition]:
    """The conditions on single attributes that it is made of."""
    if isinstance(filter, Not):
        yield from conditions(filter.of)
    elif isinstance(filter, Every | Either):
        for each in filter.of:
            yield from conditions(each)
    else:
        yield filter


def read_filters(given: Sequence[str | Mapping[str, Any]]) -> Filter:
    """Filters that must all hold, each a text or an object of JSON. Raises BadFilter."""
    parts = [_of_text(each) if isinstance(each, str) else _of_object(each, 1) for each in given]
    whole = parts[0] if len(parts) == 1 else Every(tuple(parts))
    if sum(1 for _ in conditions(whole)) > MOST_CONDITIONS:
        raise BadFilter(f"There are more than {MOST_CONDITIONS} conditions.")
    return whole


@lru_cache(1_000)
def _of_text(text: str) -> Filter:
    """`[!]name:values`, or JSON."""
    if text.lstrip().startswith("{"):
        try:
            return _of_object(msgspec.json.decode(text, type=dict[str, Any]), 1)
        except msgspec.MsgspecError as error:
            raise BadFilter(f"{text!r} is no JSON that we can read: {error}. {HOW}") from error
    denied, name, values = text.startswith("!"), *text.removeprefix("!").partition(":")[::2]
    if not values:
        _refuse(text)
    condition = _condition_of_text(_name(name), values)
    return Not(condition) if denied else condition


def _condition_of_text(name: str, values: str) -> Condition:
    if values == "*":
        return Present(name)
    if (ends := RANGE.fullmatch(values)) and values != "..":
        return _between(name, ends[1], ends[2])
    parts = re.split(r"(?<!\\)\|", values)
    return _one_of(name, [part.replace("\\|", "|") for part in parts])


def _of_object(fields: Mapping[str, Any], depth: int) -> Filter:
    """Each field an attribute and what it must be; `and`, `or` (lists of objects) and `not` (an object)."""
    if depth > DEEPEST or not fields:
        _refuse(fields)
    parts = tuple([_of_field(name, value, depth) for name, value in fields.items()])
    return parts[0] if len(parts) == 1 else Every(parts)


def _of_field(name: str, value: Any, depth: int) -> Filter:
    if name == "not":
        return Not(_of_part(value, depth))
    if name in ("and", "or"):
        if not isinstance(value, list) or not value:
            _refuse({name: value})
        parts = tuple([_of_part(each, depth) for each in value])
        return Every(parts) if name == "and" else Either(parts)
    return _condition_of_json(_name(name), value)


def _of_part(value: Any, depth: int) -> Filter:
    if isinstance(value, str):
        return _of_text(value)
    return _of_object(value, depth + 1) if isinstance(value, Mapping) else _refuse(value)


def _condition_of_json(name: str, value: Any) -> Condition:
    if isinstance(value, Mapping):
        if not value or not value.keys() <= {"min", "max"}:
            _refuse({name: value})
        return _between(name, value.get("min"), value.get("max"))
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str | int | float) for each in values):
        _refuse({name: value})
    return _one_of(name, values)


def _one_of(name: str, values: Sequence[Any]) -> OneOf:
    texts = sorted({text for each in values if (text := value_text(each))})
    return OneOf(name, tuple(texts)) if texts else _refuse(f"{name}:")


def _between(name: str, least: Any, most: Any) -> Between:
    try:
        ends = [None if each is None else float(each) for each in (least, most)]
    except (TypeError, ValueError):
        _refuse({name: {"min": least, "max": most}})
    if None not in ends and not ends[0] <= ends[1]:  # type: ignore[operator]
        raise BadFilter(f"`{name}`: the range ends before it begins.")
    return Between(name, *ends)


def _name(text: str) -> str:
    return attribute_name(text) or _refuse(text)


def _refuse(what: Any) -> NoReturn:
    shown = what if isinstance(what, str) else msgspec.json.encode(what).decode()
    raise BadFilter(f"{shown[:200]} is no filter. {HOW}")
