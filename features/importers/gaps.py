"""What a file of orders does not say, and what follows from it; each as one sentence."""

from collections.abc import Iterator

import polars as pl

NOTICED_FROM = 0.01
"""A smaller share of the lines is no news."""
IDS = ("sku", "variant_id", "product_id", "gtin")
PEOPLE = ("email", "customer_id")


def nameless(rows: pl.DataFrame) -> pl.DataFrame:
    """Of rows under our names, as text, those with a title and no id; the columns that `gaps` asks for."""
    told = rows.select(name for name in ("row", *IDS, "title", *PEOPLE) if name in rows.columns)
    ids = [name for name in IDS if name in rows.columns]
    if not ids or "title" not in rows.columns:
        return told.clear()
    return told.filter(pl.all_horizontal(pl.col(ids).is_null()), pl.col("title").is_not_null())


def gaps(rows: pl.DataFrame, lines: pl.DataFrame) -> Iterator[str]:
    """rows: the `nameless` of the file; lines: those taken, with values."""
    told = lines.select("type", "row", "title", "unit_price", "currency", "customer_id")
    bought = told.filter(pl.col("type") == "purchase")
    if bought.is_empty():
        return
    yield from _products(rows, bought)
    yield from _money(bought)
    yield from _people(rows, bought)


def _products(rows: pl.DataFrame, bought: pl.DataFrame) -> Iterator[str]:
    count = bought["row"].is_in(rows["row"].implode()).sum() if rows.height else 0
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


def _people(rows: pl.DataFrame, bought: pl.DataFrame) -> Iterator[str]:
    guests = bought["customer_id"].null_count()
    if guests == bought.height:
        yield (
            "No line names a customer (e-mail, number or telephone): the orders teach what is bought "
            "together, and nothing of who comes back"
        )
    elif any(name in rows.columns for name in PEOPLE):
        yield (
            "Orders say nothing of consent: nobody gets messages until `consent` events say yes "
            "(docs/triggers.md)"
        )
