"""What cells of a catalogue mean, whichever platform wrote them: texts, category paths, words, amounts."""

import html
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import polars as pl

from features.importers.values import TIME, number, read_times

HEADERS: dict[str, dict[str, tuple[str, ...]]] = {
    table: {name: tuple(headers) for name, headers in columns.items()}
    for table, columns in tomllib.loads(Path(__file__).with_name("headers.toml").read_text("utf-8")).items()
}
FOR_SALE = (
    "in stock",
    "instock",
    "limited availability",
    "available",
    "available for order",
    "auf lager",
    "lagernd",
    "vorratig",
    "en stock",
    "en existencias",
    "disponible",
    "disponibile",
    "op voorraad",
    "dostepny",
    "em estoque",
    "em stock",
)
TO_COME = ("preorder", "pre order", "backorder", "back order", "on backorder", "onbackorder")
"""Sold although there is none: an order is delivered later."""
YES = ("true", "yes", "1", "y", "ja", "oui", "si", "tak", "sim", "on", "x", "continue", "notify", "unlimited")
NO = ("false", "no", "0", "n", "nein", "non", "nie", "nao", "off", "deny")
NOT_SHOWN = (
    *NO,
    "1 private",
    "2",
    "draft",
    "archived",
    "unlisted",
    "disabled",
    "inactive",
    "hidden",
    "private",
    "invisible",
    "entwurf",
    "inaktiv",
    "versteckt",
    "cache",
)
SYMBOLS = {"€": "EUR", "£": "GBP", "zł": "PLN", "CHF": "CHF"}
TAG = r"</?[a-zA-Z][^<>]*>|<!--.*?-->"


def clean_text(text: pl.Series) -> pl.Series:
    """Text without tags and without escapes (`&amp;amp;`, `&lt;p&gt;`), however often it was escaped."""

    def clean(value: str) -> str:
        return " ".join(re.sub(TAG, " ", _unescaped(value), flags=re.DOTALL).split())

    marked = text.str.contains(r"[&<]|\s\s|\n")
    return text.zip_with(~marked.fill_null(value=False), of_distinct(text, clean))


def clean_link(text: pl.Series) -> pl.Series:
    """A web address whose `&` was escaped, once or more; what else follows an `&` is a parameter."""
    return text.str.replace_all(r"&(amp;)+", "&")


def first_link(text: pl.Expr) -> pl.Expr:
    """The first of several addresses between commas, semicolons, bars or blanks."""
    return text.str.extract(r"^\s*(.*?)(?:\s*[,;|]\s*(?:https?://|/)|[;|\s]|$)")


def category_path(text: pl.Series, between_paths: str | None, between_levels: str) -> pl.Series:
    """The deepest of the paths of a cell, its levels parted by ` > `; of equally deep ones the first.

    Both separators are regular expressions; between_paths None: a cell holds one path.
    """

    def deepest(value: str) -> str:
        paths = re.split(between_paths, value) if between_paths else [value]
        levels = [[each.strip() for each in re.split(between_levels, path) if each.strip()] for path in paths]
        return max((" > ".join(path) for path in levels), key=lambda path: path.count(" > "))

    path = of_distinct(text, deepest)
    return path.replace("", None)


def word(text: pl.Expr) -> pl.Expr:
    """A word as others may spell it: `In_Stock`, `in-stock` and `in stock` are one."""
    bare = text.str.to_lowercase().str.normalize("NFKD").str.replace_all(r"\p{M}", "")
    return bare.str.replace_all(r"[\s_\-]+", " ").str.strip_chars(" .!?")


def amount(text: pl.Expr) -> pl.Expr:
    """The number of `12.75 GBP`, `EUR 12,75` or `12,75 €`."""
    return number(text.str.replace_all(r"[A-Za-z]{3}|zł", ""))


def currency(text: pl.Expr) -> pl.Expr:
    """The currency that stands beside an amount."""
    symbol = text.str.extract(r"(€|£|zł)").replace_strict(SYMBOLS, default=None, return_dtype=pl.String)
    return pl.coalesce(text.str.extract(r"\b([A-Z]{3})\b"), symbol)


def moment(text: pl.Series, *, is_end: bool = False) -> pl.Series:
    """Times; a day without a time is its beginning, or its end."""
    times = read_times(text).values
    if not is_end:
        return times
    whole_day = ~text.str.contains(r"\d{1,2}:\d{2}")
    return times.zip_with(~whole_day.fill_null(value=False), times.dt.offset_by("1d")).cast(TIME)


def of_distinct(text: pl.Series, change: Callable[[str], str]) -> pl.Series:
    """Each text changed; each distinct one once."""
    distinct = text.drop_nulls().unique()
    changed = [change(value) for value in distinct]
    return text.replace_strict(distinct, changed, default=None, return_dtype=pl.String)


def _unescaped(value: str) -> str:
    for _ in range(5):
        plain = html.unescape(value)
        if plain == value:
            break
        value = plain
    return value
