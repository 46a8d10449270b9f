"""What the fields of a product say of its stock and its price, wherever they are read."""

from collections.abc import Mapping
from typing import Any


def is_in_stock(fields: Mapping[str, Any], *, before: bool) -> bool:
    """A stock or availability that is not known (null) is no reason to think that there is none.

    before: the answer where the fields name neither.
    """
    if "available" in fields or "stock" in fields:
        return fields.get("available") is not False and fields.get("stock") != 0
    return before


def price_to_pay(fields: Mapping[str, Any], before: float | None = None) -> float | None:
    """The sale price where there is one; None: no longer known. before: the price that fields without one
    leave as it was."""
    price: float | None = fields.get("sale_price") or fields.get("price", before)
    return price
