"""Live changes of products: what is sent, and what became of it."""

from typing import Any

import msgspec


class CatalogueChanges(msgspec.Struct, frozen=True):
    """Products by `product_id` with the fields that change: stock, available, price, title and so on."""

    products: list[dict[str, Any]]


class CatalogueReceived(msgspec.Struct, frozen=True):
    """How many products were changed, and what was wrong with the others. renamed: ids as they were sent ->
    those of the products that the catalogue knows by these names."""

    accepted: int
    rejected: dict[str, str]
    renamed: dict[str, str] = {}
