"""What a file of orders does not say, and what follows from it; each as one sentence."""

from collections.abc import Iterator

import polars as pl

NOTICED_FROM = 0.01
"""A smaller share of the lines is no news."""
IDS = ("sku", "variant_id", "product_id", "gtin")


def nameless(rows: pl.DataFrame) -> pl.Series:
    """Of rows under our names, as text: `row` of those with a title and no id."""
    ids = [name for name in IDS if name in rows.columns]
    if not ids or "title" not in rows.columns:
        return rows["row"].clear()
    return rows.filter(pl.all_horizontal(pl.col(ids).is_null()), pl.col("title").is_not_null())["row"]


def gaps(rows: pl.Series, lines: pl.DataFrame) -> Iterator[str]:
    """rows: the `nameless` of the file; lines: those taken, with values."""
    told = lines.select("type", "row", "title", "unit_price", "currency", "customer_id")
    bought = told.filter(pl.col("type") == "purchase")
    if bought.is_empty():
        return
    yield from _products(rows, bought)
    yield from _money(bought)
    yield from _people(bought)


def _products(rows: pl.Series, bought: pl.DataFrame) -> Iterator[str]:
    count = bought["row"].is_in(rows.implode()).sum() if rows.len() else 0
    if count and count >= NOTICED_FROM * bought.height:
        yield (
            f"{count:,} of {bought.height:,} lines have no SKU: their products are known by title and "
            "options, so a renamed product is another one. Give every product a SKU"
        )
    untitled = bought.filter(pl.col("title").is_null()).height
    if untitled >= NOTICED_FROM * bought.height:
        yield f"{untitled:,} lines have no title: `perennial import catalogue FILE` names their products"


def _money(bought: pl.DataFrame) -> Iterator[str]:
    unpriced = bought["unit_price"].null_count()
    if unpriced >= NOTICED_FROM * bought.height:
        yield f"{unpriced:,} of {bought.height:,} lines have no price, and count nothing in figures of money"
    currencies = bought["currency"].drop_nulls().unique().sort()
    if currencies.is_empty():
        yield "The file names no currency: money is counted as one currency, whichever the shop has"
    elif len(currencies) > 1:
        yield f"Money is in {len(currencies)} currencies ({', '.join(currencies)}), and told apart below"


def _people(bought: pl.DataFrame) -> Iterator[str]:
    guests = bought["customer_id"].null_count()
    if guests == bought.height:
        yield (
            "No line names a customer (e-mail, number or telephone): the orders teach what is bought "
            "together, and nothing of who comes back"
        )
