"""Headers that may be one of our columns, by synonyms in eight languages; each held against its cells."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import polars as pl

from features.importers.lines import plain
from features.importers.looks import LOOKS

SYNONYMS: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name("synonyms.toml").read_text("utf-8"))
SHORTEST_PART = 4
SURE_BY_CELLS = {"email", "time", "currency"}
# Words beside a synonym that do not change what a column is: currencies, taxes, whose it is, articles.
HARMLESS = re.compile(
    r"eur|euros?|usd|gbp|chf|pln|brl|sek|dkk|nok|czk|incl?|inkl?|excl?|exkl|vat|tax|mwst|ust|ttc|ht|tva|iva|btw"
    r"|moms|brutt?o|nett?o?|gross|shop|store|web|online|kunden?|customer|client|clientes?|klant|klient|billing"
    r"|buyer|the|of|der?|du|des|del|d[ao]|l[ae]|utc|gmt|cet|local|lineitem|line|item"
)
# Words of which a longer header seldom speaks: First name, Total orders, Product color.
TOO_COMMON = re.compile(
    r"name|nome|nombre|nazwa|orders?|total|items?|product|title|state|status|artikel|code|time"
)


class Match(NamedTuple):
    """A header for one of our names. doubt: why it may be something else; "": it is not."""

    name: str
    header: str
    doubt: str = ""


def matches(texts: Mapping[str, pl.Series]) -> Iterator[Match]:
    """The likeliest first. texts: header -> samples of its cells."""
    for spelled in (plain, _bare):
        for name, each in _synonyms():
            yield from (
                Match(name, header)
                for header in texts
                if spelled(header) == each and fits(name, texts[header])
            )
    parts = [
        part for part in _synonyms() if len(part[1]) >= SHORTEST_PART and not TOO_COMMON.fullmatch(part[1])
    ]
    for name, each in sorted(parts, key=lambda part: -len(part[1])):
        for header, cells in texts.items():
            if each in plain(header) and fits(name, cells):
                sure = name in SURE_BY_CELLS
                yield Match(name, header, "" if sure else f"{header!r} says more than that")


def unreadable(texts: Mapping[str, pl.Series], names: Sequence[str]) -> Iterator[str]:
    """Headers that say one of these names, and whose cells do not look like it."""
    for name, each in _synonyms():
        if name in names:
            for header, cells in texts.items():
                if each in (plain(header), _bare(header)) and not fits(name, cells):
                    yield f"{header!r} should be {name}, but {_misfit(name, cells)}"


def _misfit(name: str, cells: pl.Series) -> str:
    """What is wrong with the cells of a column: there are none, or some do not look like it."""
    odd = [cell for cell in cells if not fits(name, pl.Series([cell]))] or cells.to_list()
    if not odd:
        return "it is empty"
    return f"{odd[0]!r} cannot be read as that ({len(odd):,} of {len(cells):,} cells looked at)"


def alike(header: str, headers: Sequence[str]) -> list[str]:
    """Headers that differ from this one by a number alone: Product 1, Product 2."""
    return [each for each in headers if each != header and _stem(each) == _stem(header)]


def fits(name: str, cells: pl.Series) -> bool:
    """Whether there are cells, and they look like what the name says."""
    return not cells.is_empty() and (name not in LOOKS or LOOKS[name](cells))


@cache
def _synonyms() -> list[tuple[str, str]]:
    return [
        (name, each) for name, synonyms in SYNONYMS.items() for each in dict.fromkeys(map(plain, synonyms))
    ]


@cache
def _bare(header: str) -> str:
    words = [plain(word) for word in re.findall(r"[^\W_]+", header)]
    return "".join(word for word in words if not HARMLESS.fullmatch(word))


def _stem(header: str) -> str:
    return plain(re.sub(r"[\W_]*\d+[\W_]*$", "", header))
