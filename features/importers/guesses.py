"""Which column of an unknown table of orders is what: guessed from its header, and held against its cells."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from features.importers.lines import plain
from features.importers.looks import LOOKS, looks_like_address, samples
from features.importers.order_totals import Totals, sort_out_totals

SYNONYMS: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name("synonyms.toml").read_text("utf-8"))
PRODUCT = ("sku", "variant_id", "product_id", "gtin", "title")
CUSTOMER = ("email", "customer_id", "phone")
NEEDS = {
    "order_id": ("order_id",),
    "timestamp": ("timestamp",),
    "product": PRODUCT,
    "price": ("unit_price", "line_total"),
}
"""What a table of orders cannot do without, and which columns give it."""
IN_WORDS = {
    "order_id": "the order's number",
    "timestamp": "when it was ordered",
    "product": "the product (sku, product_id, gtin or title)",
    "price": "the price (unit_price, or line_total for the whole line)",
}
SHORTEST_PART = 4
# What may stand in a header beside a synonym without changing what the column is.
HARMLESS = re.compile(
    r"(eur|euro|usd|gbp|chf|pln|brl|sek|dkk|incl?|inkl|excl?|exkl|vat|tax|mwst|ust|ttc|ht|tva|iva|btw|brutto|netto|gross"
    r"|net|nett|bruto|shop|store|web|online|kunden|customer|no|nr|utc|gmt|cet|local|\d)*"
)


@dataclass(frozen=True)
class Guess:
    """columns: our name -> header. doubts: our name -> why it may be another. missing: names of NEEDS."""

    columns: dict[str, str]
    doubts: dict[str, str]
    missing: list[str]

    @property
    def is_confident(self) -> bool:
        """Whether it may be used without asking."""
        return not self.missing and not self.doubts

    @property
    def no_customers(self) -> bool:
        return not any(name in self.columns for name in CUSTOMER)


def guess(cells: pl.DataFrame, given: Mapping[str, str]) -> Guess:
    """The likeliest header for each of our names; `given` (our name -> header) is not doubted."""
    found, doubts = dict(given), {}
    texts = {header: samples(cells[header]) for header in cells.columns}
    for name, header, why in _matches(texts):
        if name in found or header in found.values():
            continue
        found[name] = header
        if why:
            doubts[name] = why
    if "email" not in found and (address := _addresses(texts, found)):
        found["email"] = address
    totals = sort_out_totals(cells, found, given)
    return _weighed(totals, doubts | totals.doubts, given)


def missing_needs(columns: Mapping[str, str]) -> list[str]:
    """Those of NEEDS that these columns do not give. What a customer bought at one time is an order."""
    lacking = [need for need, names in NEEDS.items() if not any(name in columns for name in names)]
    if "order_id" in lacking and any(name in columns for name in CUSTOMER):
        lacking.remove("order_id")
    return lacking


def _weighed(totals: Totals, doubts: dict[str, str], given: Mapping[str, str]) -> Guess:
    """A doubt about a column that is not needed costs the column, not the guess."""
    needed = {name for names in NEEDS.values() for name in names} | {"quantity"}
    sure = {name for name in PRODUCT if name in totals.columns and name not in doubts}
    idle = {
        name
        for name in doubts
        if name not in given and (name not in needed or (name in PRODUCT and sure) or name == "quantity")
    }
    columns = {name: header for name, header in totals.columns.items() if name not in idle}
    kept = {name: why for name, why in doubts.items() if name in columns and name not in given}
    return Guess(columns, kept, missing_needs(columns))


def _matches(texts: Mapping[str, pl.Series]) -> Iterator[tuple[str, str, str]]:
    """Our name, a header for it, and why it is doubtful ("": it is not); the likeliest first."""
    for name, synonyms in SYNONYMS.items():
        for each in dict.fromkeys(map(plain, synonyms)):
            yield from (
                (name, header, "") for header in texts if plain(header) == each and _fits(name, texts[header])
            )
    parts = [
        (len(plain(each)), name, plain(each))
        for name, synonyms in SYNONYMS.items()
        for each in synonyms
        if len(plain(each)) >= SHORTEST_PART
    ]
    for _, name, each in sorted(set(parts), key=lambda part: (-part[0], list(SYNONYMS).index(part[1]))):
        for header, cells in texts.items():
            if each in plain(header) and _fits(name, cells):
                rest = plain(header).replace(each, "", 1)
                why = "" if HARMLESS.fullmatch(rest) else f"{header!r} says more than that"
                yield name, header, why


def _fits(name: str, cells: pl.Series) -> bool:
    return name not in LOOKS or LOOKS[name](cells)


def _addresses(texts: Mapping[str, pl.Series], found: Mapping[str, str]) -> str | None:
    """A column of e-mail addresses under whatever header."""
    free = (header for header in texts if header not in found.values())
    return next(
        (header for header in free if texts[header].len() and looks_like_address(texts[header])), None
    )
