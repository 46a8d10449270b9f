"""Which column of an unknown table of orders is what: guessed from its header, and held against its cells."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import polars as pl

from features.importers.headers import alike, matches, unreadable
from features.importers.looks import looks_like_address, looks_like_several, samples
from features.importers.order_totals import Totals, sort_out_totals

PRODUCT = ("sku", "variant_id", "product_id", "gtin", "title")
CUSTOMER = ("email", "customer_id", "phone")
NEEDS = {
    "order_id": ("order_id",),
    "timestamp": ("timestamp",),
    "product": PRODUCT,
    "price": ("unit_price", "line_total"),
}
"""What a table of orders cannot do without, and which columns give it."""
NEEDED = [name for names in NEEDS.values() for name in names]
IN_WORDS = {
    "order_id": "the order's number",
    "timestamp": "when it was ordered",
    "product": "the product (sku, product_id, gtin or title); a list of orders without products is not "
    "enough, export the order items",
    "price": "the price (unit_price, or line_total for the whole line)",
}


@dataclass(frozen=True)
class Guess:
    """columns: our name -> header. doubts: our name -> why it may be another. missing: names of NEEDS.
    unread: columns that should be what is missing, and why they cannot."""

    columns: dict[str, str]
    doubts: dict[str, str]
    missing: list[str]
    unread: tuple[str, ...] = ()

    @property
    def is_confident(self) -> bool:
        """Whether it may be used without asking."""
        return not self.missing and not self.doubts

    @property
    def no_customers(self) -> bool:
        return not any(name in self.columns for name in CUSTOMER)


def guess(cells: pl.DataFrame, given: Mapping[str, str]) -> Guess:
    """The likeliest header for each of our names; `given` (our name -> header) is not doubted."""
    found: dict[str, str] = dict(given)
    doubts: dict[str, str] = {}
    texts = {header: samples(cells[header]) for header in cells.columns}
    for name, header, doubt in matches(texts):
        if name not in found and header not in found.values():
            found[name] = header
            doubts |= {name: doubt} if doubt else {}
    if "email" not in found and (address := _addresses(texts, found)):
        found["email"] = address
    doubts |= dict(_several(found, texts))
    totals = sort_out_totals(cells, found, given, doubts)
    weighed = _weighed(totals, given)
    names = [name for need in weighed.missing for name in NEEDS[need]]
    return replace(weighed, unread=tuple(unreadable(texts, names)))


def _several(found: Mapping[str, str], texts: Mapping[str, pl.Series]) -> Iterator[tuple[str, str]]:
    """Doubts about columns of which there are several, and about cells that hold several products."""
    for name in (*NEEDED, "quantity"):
        if name in found and (others := alike(found[name], list(texts))):
            listed = ", ".join(map(repr, [found[name], *others]))
            yield name, f"there are {listed}; a row a product is needed, or say which one it is"
    if "title" in found and looks_like_several(texts[found["title"]]):
        yield "title", f"{found['title']!r} holds several products in one cell; a row a product is needed"


def missing_needs(columns: Mapping[str, str]) -> list[str]:
    """Those of NEEDS that these columns do not give. What a customer bought at one time is an order."""
    lacking = [need for need, names in NEEDS.items() if not any(name in columns for name in names)]
    if "order_id" in lacking and any(name in columns for name in CUSTOMER):
        lacking.remove("order_id")
    return lacking


def _weighed(totals: Totals, given: Mapping[str, str]) -> Guess:
    """A doubt about a column that is not needed costs the column, not the guess."""
    doubts = totals.doubts
    sure = [
        need for need, names in NEEDS.items() if any(n in totals.columns and n not in doubts for n in names)
    ]
    settled = {name for need in sure for name in NEEDS[need]}
    idle = {name for name in doubts if name not in given and (name not in NEEDED or name in settled)}
    columns = {name: header for name, header in totals.columns.items() if name not in idle}
    kept = {name: why for name, why in doubts.items() if name in columns and name not in given}
    return Guess(columns, kept, missing_needs(columns))


def _addresses(texts: Mapping[str, pl.Series], found: Mapping[str, str]) -> str | None:
    """A column of e-mail addresses under whatever header."""
    free = (header for header in texts if header not in found.values())
    return next(
        (header for header in free if texts[header].len() and looks_like_address(texts[header])), None
    )
