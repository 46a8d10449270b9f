"""Exports with one row an order, whose products stand together in one cell: a row for each of them."""

from collections.abc import Callable, Iterable

import polars as pl

from features.importers.values import number

Products = Iterable[dict[str, str]]


def unpacked(rows: pl.DataFrame, cell: str, products_of: Callable[[str], Products]) -> pl.DataFrame:
    """The rows, each once for every product that `products_of` finds in its `cell`; once where it finds none.

    products_of: text -> our names and their text, one dict a product; they replace the row's own.
    """
    texts = rows.filter(pl.col(cell).is_not_null()).select("row", cell)
    found = [{"row": row} | product for row, text in texts.iter_rows() for product in products_of(text)]
    if not found:
        return rows.with_columns(quantity=pl.lit(None, pl.String))
    products = pl.DataFrame(found, schema_overrides={"row": rows.schema["row"]}, infer_schema_length=None)
    products = products.with_columns(pl.col(pl.String).replace("", None))
    others = rows.drop(name for name in products.columns if name != "row" and name in rows.columns)
    return others.join(products, on="row", how="left", maintain_order="left_right")


def with_shared_totals(rows: pl.DataFrame, money: pl.Expr) -> pl.DataFrame:
    """Each line's `line_total`: its share of the order's `money`, by units; no line's own price is known."""
    units = number(pl.col("quantity"))
    share = number(money) * units / units.sum().over("row")
    return rows.with_columns(line_total=share.round(6).cast(pl.String))
