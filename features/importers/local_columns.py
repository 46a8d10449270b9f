"""Columns of a catalogue by language and market (`title_de`, `price[USD]`); files of one of them."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import polars as pl
from babel.core import Locale

from features.catalogue.local import LanguageTag, is_currency, language_name, market_name, merged_json
from features.catalogue.products import BY_NAME, SALE
from features.importers.catalogues.cells import amount, clean_link, clean_text
from features.importers.numbers import with_plain_numbers
from features.importers.reasons import RejectReason
from features.importers.refusal import ImportRefused

HEADER = re.compile(
    r"(?:g:)?(title|name|url|link|price)(?:\s*\[(.+)\]|\s*\((.+)\)|\s*/\s*(.+)|[\s_:.-]([a-z]{2,3}(?:[_-][a-z]{2})?))",
    re.IGNORECASE,
)
"""`title[de]`, `title (de)`, `Price / Germany`, `title_de`."""
IN_BRACKETS_ONLY = {"id", "no", "ht"}  # behind an underscore they seldom mean Indonesia, Norway and Haiti
FIELDS = {"title": "title", "name": "title", "url": "url", "link": "url", "price": "price"}
SAFE_LINK = re.compile(r"(?i)(https?://|/)[^/\\\x00-\x1f][^\x00-\x1f]*")
MOST_MONEY = 1e9


class Part(NamedTuple):
    """Which language's titles and links, and which market's prices, a file is of; None: the shop's own."""

    language: str | None = None
    country: str | None = None

    def check(self, *, retire_missing: bool) -> None:
        """Raises ImportRefused."""
        if self.language is not None:
            try:
                msgspec.convert(self.language, LanguageTag)
            except msgspec.ValidationError as error:
                raise ImportRefused(f"--language {self.language}: say it like de or de-AT.") from error
        if any(self) and retire_missing:
            raise ImportRefused("--retire-missing goes by the shop's own feed, not by one of a market.")


WHOLE = Part()


class LocalColumn(NamedTuple):
    """header: of the file; field: title, url or price; name: of the language or market."""

    header: str
    field: str
    name: str


def local_columns(headers: list[str]) -> list[LocalColumn]:
    """Those of the headers that name a language or a market."""
    return [found for header in headers if (found := _column(header))]


def with_local_columns(
    products: pl.DataFrame, cells: pl.DataFrame, columns: list[LocalColumn], decimal: str | None
) -> pl.DataFrame:
    """Product rows with `translations`, `prices`, and the `reason` and `detail` of a price that is none."""
    texts = [_texts(cells[each.header], each.field).gather(products["row"]).to_list() for each in columns]
    amounts = [_amounts(cells[each.header], decimal).gather(products["row"]).rows() for each in columns]
    rows = [
        _row(columns, [of_column[row] for of_column in texts], [of_column[row] for of_column in amounts])
        for row in range(products.height)
    ]
    names = (*BY_NAME, "detail")
    said = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    bad = pl.when(pl.col("detail").is_not_null()).then(pl.lit(RejectReason.BAD_PRICE.value))
    return products.with_columns(said).with_columns(reason=pl.coalesce("reason", bad))


def of_part(good: pl.DataFrame, part: Part, known: pl.Series) -> pl.DataFrame:
    """What a file of one language or market says: titles and links of the one, prices of the other. Of
    products that the shop's own feed has not named yet (`known`) all of it counts besides."""
    rows = good.with_columns([_said(good, name, part) for name in BY_NAME])
    is_known = pl.col("product_id").is_in(known.implode())
    kept = ("product_id", "row", "first_seen", *BY_NAME)
    others = [name for name in rows.columns if name not in kept]
    return rows.with_columns(pl.when(~is_known).then(name).alias(name) for name in others).drop(SALE)


def _column(header: str) -> LocalColumn | None:
    match = HEADER.fullmatch(header.strip())
    if match is None:
        return None
    field, name = FIELDS[match[1].casefold()], next(each for each in match.groups()[1:] if each).strip()
    is_bare = match[5] is not None
    if is_bare and name.casefold() in IN_BRACKETS_ONLY:
        return None
    if field == "price":
        known = is_currency(name.upper()) or name.upper() in Locale("en").territories or not is_bare
        return LocalColumn(header, field, market_name(name.upper())) if known else None
    known = name.replace("_", "-").split("-")[0].casefold() in Locale("en").languages
    return LocalColumn(header, field, language_name(name)) if known else None


def _texts(cells: pl.Series, field: str) -> pl.Series:
    return clean_link(cells) if field == "url" else clean_text(cells)


def _amounts(cells: pl.Series, decimal: str | None) -> pl.DataFrame:
    """price, currency."""
    given = pl.DataFrame({"price": cells, "currency": pl.Series([None] * len(cells), dtype=pl.String)})
    return with_plain_numbers(given, decimal).rows.select(amount(pl.col("price")), "currency")


def _row(
    columns: list[LocalColumn], texts: list[str | None], amounts: list[tuple[float | None, str | None]]
) -> tuple[str | None, ...]:
    """translations, prices, and what is wrong."""
    translations: dict[str, dict[str, str]] = {}
    prices: dict[str, dict[str, float | str]] = {}
    for column, text, (price, unit) in zip(columns, texts, amounts, strict=True):
        if not text or not text.strip():
            continue
        if column.field != "price":
            if column.field == "title" or SAFE_LINK.fullmatch(text):
                translations.setdefault(column.name, {})[column.field] = text
            continue
        if price is None or not 0 < price <= MOST_MONEY:
            return None, None, f"{column.header}: {text}"
        prices[column.name] = _price(column.name, price, unit)
    return _json(translations), _json(prices), None


def _price(market: str, price: float, unit: str | None) -> dict[str, float | str]:
    unit = market if is_currency(market) else unit
    return {"price": price, "currency": unit} if unit else {"price": price}


def _json(said: dict[str, dict[str, str]] | dict[str, dict[str, float | str]]) -> str | None:
    return msgspec.json.encode(said, order="sorted").decode() if said else None


def _said(good: pl.DataFrame, name: str, part: Part) -> pl.Series:
    own = _translations if name == "translations" else _prices
    both = zip(good[name], own(good, part), strict=True)
    return pl.Series(name, [merged_json(said, more) for said, more in both], pl.String)


def _translations(good: pl.DataFrame, part: Part) -> Iterator[str | None]:
    for title, url in good.select("title", "url").iter_rows():
        given = {"title": title, "url": url}
        shown = {field: text for field, text in given.items() if text}
        yield _json({language_name(part.language): shown}) if part.language and shown else None


def _prices(good: pl.DataFrame, part: Part) -> Iterator[str | None]:
    for price, unit in good.select(pl.col("price").cast(pl.Float64), "currency").iter_rows():
        market = market_name(part.country) if part.country else None
        yield _json({market: _price(market, price, unit)}) if market and price else None
