"""Columns of a catalogue that no format has a name for: they are kept as the products' attributes."""

import re
from collections.abc import Iterator

import polars as pl

from features.catalogue.attributes import MOST_ATTRIBUTES, attribute_name, attributes_json
from features.importers.catalogues.cells import clean_text
from features.importers.lines import Format

LONGEST = 200  # a column with longer cells holds texts, not values
NAMED = re.compile(r"(?i)((?:option|attribute|attribut|eigenschaft)\s*\d+)\s+name")
"""`Attribute 1 name` and `Attribute 1 value(s)`, `Option1 Name` and `Option1 Value`: one attribute in two
columns."""
HALVES = re.compile(r"option_?\d|attribute_\d|attribut_\d|eigenschaft_\d")
NO_ATTRIBUTES = re.compile(
    r"link|url|image|picture|bild|seo|meta|html|body|description|position|handle|inventory|barcode|tracker"
    r"|^column_\d+$|_count$|^title$"
)
SEVERAL, LISTS = re.compile(r"\s*\|\s*"), re.compile(r"\s*[|,;]\s*")
COUNTRIES = "countries"


def attribute_column(cells: pl.DataFrame, format: Format) -> pl.Series:
    """`attributes`, as the catalogue keeps them; null where a row has none."""
    columns = dict(_columns(cells, set(format.headers(cells).values())))
    names = list(columns)[:MOST_ATTRIBUTES]
    rows = zip(*[columns[name] for name in names], strict=True) if names else [()] * cells.height
    return pl.Series("attributes", [_json(dict(zip(names, row, strict=True))) for row in rows], pl.String)


def _columns(cells: pl.DataFrame, taken: set[str]) -> Iterator[tuple[str, list[list[str]]]]:
    """Name -> the values of each row."""
    for header in cells.columns:
        name = attribute_name(header)
        if header in taken or not name or HALVES.match(name) or NO_ATTRIBUTES.search(name):
            continue
        texts = clean_text(cells[header]).fill_null("").to_list()
        if max(map(len, texts), default=0) <= LONGEST:
            yield name, _split(texts, LISTS if name == COUNTRIES else SEVERAL)
    yield from _named(cells)


def _named(cells: pl.DataFrame) -> Iterator[tuple[str, list[list[str]]]]:
    """Attributes whose name stands in a column of its own; a variant's row has that of the row above it."""
    found: dict[str, list[list[str]]] = {}
    for header, named in ((header, NAMED.fullmatch(header)) for header in cells.columns):
        beside = [each for each in cells.columns if named and each.startswith(f"{named[1]} ")]
        values = [each for each in beside if "value" in each.casefold()]
        if not values:
            continue
        names = clean_text(cells[header]).replace("", None).forward_fill().fill_null("")
        split = _split(clean_text(cells[values[0]]).fill_null("").to_list(), LISTS)
        for row, name in enumerate(map(attribute_name, names)):
            if name and not NO_ATTRIBUTES.search(name):
                found.setdefault(name, [[]] * cells.height)[row] = split[row]
    yield from found.items()


def _split(texts: list[str], between: re.Pattern[str]) -> list[list[str]]:
    return [[part for part in between.split(text.strip()) if part] if text else [] for text in texts]


def _json(row: dict[str, list[str]]) -> str | None:
    given = {name: values[0] if len(values) == 1 else values for name, values in row.items() if values}
    return attributes_json(given) if given else None
