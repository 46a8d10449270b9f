"""Which products a filter lets through, as one bool each."""

from __future__ import annotations

from functools import reduce

import numpy as np

from features.catalogue.attributes import quantity
from recommender.arrays.dtypes import Bools
from recommender.filters.syntax import BadFilter, Between, Condition, Every, Filter, Not, OneOf, conditions
from recommender.model.availability import Availability
from recommender.model.bundle import Tables

PRICE = "price"  # the one attribute that is no column of the catalogue's attributes
MOST_BYTES = 1 << 25  # of masks that are kept


def known_attributes(tables: Tables) -> list[str]:
    """What filters may name."""
    return sorted([PRICE, *(tables.attributes.known if tables.attributes else ())])


def check_known(filter: Filter, tables: Tables) -> None:
    """Raises BadFilter where it names an attribute that no product has."""
    known = known_attributes(tables)
    unknown = sorted({each.name for each in conditions(filter)} - set(known))
    if unknown:
        listed = ", ".join(known[:100])
        raise BadFilter(f"No product has the attribute `{'`, `'.join(unknown)}`. Known: {listed}.")


def mask_of(filter: Filter, tables: Tables, availability: Availability) -> Bools:
    """(n_items), read-only. Kept until products change: a shop's pages use the same few filters all day."""
    masks = availability.masks
    mask = masks.get(filter)
    if mask is None:
        if (len(masks) + 1) * len(tables.products) > MOST_BYTES:
            masks.clear()
        mask = masks[filter] = _mask(filter, tables, availability)
        mask.flags.writeable = False
    return mask


def _mask(filter: Filter, tables: Tables, availability: Availability) -> Bools:
    if isinstance(filter, Not):
        return ~_mask(filter.of, tables, availability)
    if not isinstance(filter, Condition):
        combine = np.logical_and if isinstance(filter, Every) else np.logical_or
        return reduce(combine, [_mask(each, tables, availability) for each in filter.of])
    if filter.name == PRICE:
        return _of_price(filter, availability)
    mask = _trained(filter, tables)
    for item, live in availability.attributes.items():
        values = live.get(filter.name)
        if values is not None:
            mask[item] = any(_holds(filter, value) for value in values)
    return mask


def _trained(condition: Condition, tables: Tables) -> Bools:
    """By the attributes that the model was trained with."""
    mask, table = np.zeros(len(tables.products), np.bool_), tables.attributes
    if table is None:
        return mask
    if isinstance(condition, Between):
        own = table.numbers.row(table.names.row(condition.name))
        amounts = table.numbers.amounts[own]
        mask[table.numbers.items[own][condition.holds(amounts)]] = True
        return mask
    if isinstance(condition, OneOf):
        rows = table.values.rows([f"{condition.name}:{value}" for value in condition.values])
    else:
        start = f"{condition.name}:"
        rows = [row for row, name in enumerate(table.value_names) if name.startswith(start)]
    for row in rows:
        mask[table.holders.items[table.holders.row(row)]] = True
    return mask


def _of_price(condition: Condition, availability: Availability) -> Bools:
    price = availability.price
    if isinstance(condition, Between):
        return np.asarray(condition.holds(price))
    if isinstance(condition, OneOf):
        amounts = [found[0] for value in condition.values if (found := quantity(value))]
        return np.isin(price, np.array(amounts, np.float32))
    return np.isfinite(price)


def _holds(condition: Condition, value: str) -> bool:
    if isinstance(condition, Between):
        found = quantity(value)
        return found is not None and bool(condition.holds(found[0]))
    return value in condition.values if isinstance(condition, OneOf) else True
