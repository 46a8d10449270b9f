"""Catalogues of shops, taken into a home as the command does."""

from datetime import datetime
from typing import Any

import polars as pl

from features.catalogue.products import load_products
from features.home import Home
from features.importers.catalogue import import_catalogue
from features.importers.summary import CatalogueSummary

from factories import NOW


def take(
    home: Home, content: str, name: str = "products.csv", now: datetime = NOW, **options: Any
) -> CatalogueSummary:
    """Import a file of this content."""
    path = home.root.parent / name
    path.write_text(content, encoding="utf-8")
    return import_catalogue(home, str(path), now=now, **options)


def product(home: Home, product_id: str) -> dict[str, Any]:
    """A row of the home's catalogue."""
    return load_products(home).row(by_predicate=pl.col("product_id") == product_id, named=True)


def products(home: Home, *columns: str) -> dict[str, Any]:
    """Product id -> the value of a column, or the values of several."""
    rows = load_products(home).select("product_id", *columns).iter_rows()
    return {name: values[0] if len(columns) == 1 else values for name, *values in rows}
