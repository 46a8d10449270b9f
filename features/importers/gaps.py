"""What a file of orders does not say, and what follows from it; each as one sentence."""

from collections.abc import Iterator

import polars as pl

NOTICED_FROM = 0.01
"""A smaller share of the lines is no news."""


def gaps(rows: pl.DataFrame, lines: pl.DataFrame) -> Iterator[str]:
    """rows: under our names, as text; lines: those taken, with values."""
    bought = lines.filter(pl.col("type") == "purchase")
    if bought.is_empty():
        return
    yield from _products(rows, bought)
    yield from _money(bought)
    yield from _people(bought)


def _products(rows: pl.DataFrame, bought: pl.DataFrame) -> Iterator[str]:
    ids = [name for name in ("sku", "variant_id", "product_id", "gtin") if name in rows.columns]
    named = "title" in rows.columns
    if ids and named:
        nameless = rows.filter(pl.all_horizontal(pl.col(ids).is_null()), pl.col("title").is_not_null())["row"]
        count = bought.filter(pl.col("row").is_in(nameless.implode())).height
        if count >= NOTICED_FROM * bought.height:
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
