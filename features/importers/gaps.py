"""What a file of orders does not say, and what follows from it; each as one sentence."""

from collections.abc import Iterator
from typing import NamedTuple

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


class Bought(NamedTuple):
    """Of purchase lines: how many there are, how many lack what, and the currencies that they name."""

    lines: int
    nameless: int
    untitled: int
    unpriced: int
    guests: int
    currencies: list[str]


def gaps(rows: pl.Series, lines: pl.DataFrame) -> Iterator[str]:
    """rows: the `nameless` of the file; lines: those taken, with values."""
    bought = _bought(rows, lines)
    if bought.lines:
        yield from _products(bought)
        yield from _money(bought)
        yield from _people(bought)


def _bought(rows: pl.Series, lines: pl.DataFrame) -> Bought:
    """Counted as a stream: a copy of all purchases would be the most memory that an import takes."""
    counts = lines.lazy().filter(pl.col("type") == "purchase")
    missing = {"untitled": "title", "unpriced": "unit_price", "guests": "customer_id"}
    counted = counts.select(
        lines=pl.len(),
        nameless=pl.col("row").is_in(rows.implode()).sum(),
        **{name: pl.col(column).null_count() for name, column in missing.items()},
        currencies=pl.col("currency").drop_nulls().unique().sort().implode(),
    )
    return Bought(**counted.collect(engine="streaming").row(0, named=True))


def _products(bought: Bought) -> Iterator[str]:
    if bought.nameless and bought.nameless >= NOTICED_FROM * bought.lines:
        yield (
            f"{bought.nameless:,} of {bought.lines:,} lines have no SKU: their products are known by title "
            "and options, so a renamed product is another one. Give every product a SKU"
        )
    if bought.untitled >= NOTICED_FROM * bought.lines:
        untitled = f"{bought.untitled:,} lines have no title"
        yield f"{untitled}: `perennial import catalogue FILE` names their products"


def _money(bought: Bought) -> Iterator[str]:
    if bought.unpriced >= NOTICED_FROM * bought.lines:
        lack = f"{bought.unpriced:,} of {bought.lines:,} lines have no price"
        yield f"{lack}, and count nothing in figures of money"
    if not bought.currencies:
        yield "The file names no currency: money is counted as one currency, whichever the shop has"
    elif len(bought.currencies) > 1:
        several = f"{len(bought.currencies)} currencies ({', '.join(bought.currencies)})"
        yield f"Money is in {several}, and told apart below"


def _people(bought: Bought) -> Iterator[str]:
    if bought.guests == bought.lines:
        yield (
            "No line names a customer (e-mail, number or telephone): the orders teach what is bought "
            "together, and nothing of who comes back"
        )
