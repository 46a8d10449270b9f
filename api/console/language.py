"""The console's texts, numbers and dates in the reader's language: one file of texts a language."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent
from markupsafe import Markup, escape

TEXTS: Final = Path(__file__).with_name("texts")
FALLBACK: Final = "en"
NOTHING: Final = "–"  # for a figure that is not known


@dataclass(frozen=True)
class Language:
    """Texts and formats. What is not known is shown as a dash."""

    locale: Locale
    texts: Mapping[str, str]

    def text(self, key: str, count: float | None = None, **values: Any) -> Markup:
        """The text of a key like `this_week.title`, its placeholders filled in and escaped.

        count: chooses between `key_one` and `key_other`, and fills `{count}`. Raises KeyError.
        """
        if count is not None:
            key = f"{key}_{self.locale.plural_form(count)}"
            key = key if key in self.texts else f"{key.rpartition('_')[0]}_other"
            values["count"] = self.number(count)
        return Markup(escape(self.texts[key])).format(**values)  # noqa: S704 - escaped just here

    def money(self, value: float | None, currency: str | None, *, cents: bool = True) -> str:
        """An amount; without a currency a number with two decimals."""
        if not isinstance(value, int | float):
            return NOTHING
        if not currency:
            return format_decimal(value, "#,##0.00" if cents else "#,##0", locale=self.locale)
        pattern = None if cents else self.locale.currency_formats["standard"].pattern.replace(".00", "")
        return format_currency(value, currency, pattern, self.locale, currency_digits=cents)

    def number(self, value: float | None, decimals: int = 0) -> str:
        """A number with at most so many decimals."""
        if not isinstance(value, int | float):
            return NOTHING
        return format_decimal(value, "#,##0" + ("." + "#" * decimals if decimals else ""), locale=self.locale)

    def percent(self, share: float | None, decimals: int = 1) -> str:
        """A share of 1 as a percentage."""
        if not isinstance(share, int | float):
            return NOTHING
        end = self.locale.percent_formats[None].pattern.removeprefix("#,##0")
        return format_percent(share, "#,##0" + ("." + "#" * decimals if decimals else "") + end, self.locale)

    def day(self, when: date | str | None) -> str:
        """A day, like 5 Mar 2026; of ISO text, too."""
        if not when:
            return NOTHING
        return format_date(
            date.fromisoformat(when[:10]) if isinstance(when, str) else when, "medium", self.locale
        )

    def time(self, when: datetime | str | float | None) -> str:
        """A day and a time of UTC; of ISO text and epoch s, too."""
        moment = _moment(when)
        return NOTHING if moment is None else format_datetime(moment, "short", locale=self.locale)

    def ago(self, when: datetime | str | float | None) -> str:
        """How long ago, or how far ahead, in words."""
        moment = _moment(when)
        if moment is None:
            return NOTHING
        return format_timedelta(moment - datetime.now(UTC), add_direction=True, locale=self.locale)


def languages() -> list[str]:
    """The codes of all languages that there are texts in."""
    return sorted(path.stem for path in TEXTS.glob("*.toml"))


@cache
def language_of(code: str) -> Language:
    """By a code like `de` or `de-AT`; English where there is no such one."""
    name = code.replace("_", "-").partition("-")[0].lower()
    name = name if name in languages() else FALLBACK
    try:
        locale = Locale.parse(code, sep="-" if "-" in code else "_")
    except (ValueError, UnknownLocaleError):
        locale = Locale.parse("en_GB" if name == FALLBACK else name)
    return Language(locale if locale.language == name else Locale.parse(name), _flat(name))


def _flat(name: str) -> dict[str, str]:
    tables = tomllib.loads((TEXTS / f"{name}.toml").read_text("utf-8"))
    return {f"{table}.{key}": text for table, texts in tables.items() for key, text in texts.items()}


def _moment(when: datetime | str | float | None) -> datetime | None:
    if not when:
        return None
    if isinstance(when, int | float):
        return datetime.fromtimestamp(when, UTC)
    moment = datetime.fromisoformat(when) if isinstance(when, str) else when
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
