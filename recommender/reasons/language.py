"""The languages that reasons are written in: a file each in `texts/`; plurals, dates and numbers by CLDR."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec
from babel.core import Locale
from babel.dates import format_skeleton
from babel.numbers import format_currency, format_decimal, format_percent

FOLDER = Path(__file__).with_name("texts")
ENGLISH = "en"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CACHED = 5_000  # dates, numbers
Counted = Mapping[str, str]
"""A text by the number in it: plural form of CLDR (one, few, many, other) -> text with `{n}`."""


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file in `texts/` holds. locale: of CLDR; regions: whose dates and numbers may be asked for."""

    locale: str
    regions: tuple[str, ...]
    pinned: str
    given: str
    worth_a_look: str
    goes_with: str
    together_of: str
    similar: str
    upgrade: str
    upgrade_trait: str
    upgrade_rating: str
    upgrade_again: str
    viewed: str
    viewed_with: str
    for_you: str
    next_basket: str
    trending_lately: str
    new: str
    set_of_shop: str
    set_goes: str
    together: Counted
    popular: Counted
    trending: Counted
    trending_until: Counted
    buy_again: Counted
    runs_out: Counted
    ran_out: Counted
    set_together: Counted
    heading: Mapping[str, str]


class Language(NamedTuple):
    """tag: as `known_tag` gives it; headings: placement -> the heading above its products, as JSON."""

    tag: str
    texts: Texts
    locale: Locale
    headings: Mapping[str, str]

    def counted(self, forms: Counted, n: int, **values: str) -> str:
        """The text in the plural form of n."""
        return forms[self.locale.plural_form(n)].format(n=number(self.tag, n), **values)

    def date(self, day: int, today: int) -> str:
        """Day and month, and the year if it is not this year's. Days since 1970."""
        return _date(self.tag, day, with_year=_date_of(day).year != _date_of(today).year)

    def price(self, amount: float, currency: str | None) -> str:
        """With the currency's sign, where the currency is known."""
        if currency is None:
            return str(format_decimal(amount, "0.00", self.locale))
        return str(format_currency(amount, currency, locale=self.locale))

    def percent(self, share: float) -> str:
        """A share of 1, in whole per cent."""
        return str(format_percent(share, locale=self.locale))


LANGUAGES = tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@lru_cache
def texts_of(name: str) -> Texts:
    """Of one of LANGUAGES."""
    return msgspec.toml.decode((FOLDER / f"{name}.toml").read_bytes(), type=Texts)


@lru_cache(1_000)
def known_tag(*asked: str | None) -> str:
    """The first of tags like `de`, `de-AT` or `pt_BR` whose language there is, with its region where that is
    known; English where there is none."""
    for tag in asked:
        name, _, region = (tag or "").lower().replace("_", "-").partition("-")
        if name in LANGUAGES:
            return f"{name}-{region.upper()}" if region.upper() in texts_of(name).regions else name
    return ENGLISH


@lru_cache
def language_of(tag: str) -> Language:
    """Of a tag that `known_tag` gave."""
    name, _, region = tag.partition("-")
    texts = texts_of(name)
    headings = {placement: msgspec.json.encode(text).decode() for placement, text in texts.heading.items()}
    locale = Locale.parse(f"{name}_{region}" if region else texts.locale)
    return Language(tag, texts, locale, headings)


@lru_cache(CACHED)
def number(tag: str, n: float) -> str:
    """A number in digits, grouped and with the decimal sign as the language does."""
    return str(format_decimal(n, locale=language_of(tag).locale))


@lru_cache(CACHED)
def _date(tag: str, day: int, *, with_year: bool) -> str:
    skeleton = "yMMMMd" if with_year else "MMMMd"
    return str(format_skeleton(skeleton, _date_of(day), locale=language_of(tag).locale))


def _date_of(day: int) -> datetime:
    return EPOCH + timedelta(days=day)
