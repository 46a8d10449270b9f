"""What a product is called in other languages, and what it costs in other markets."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, TypeVar

import msgspec

from features.events.vocabulary import Text

WebAddress = Annotated[str, msgspec.Meta(max_length=2_000, pattern=r"^(https?://|/)(?![/\\])[^\x00-\x20]*\Z")]
Currency = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}\Z")]
LanguageTag = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,2}\Z")]
MarketName = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
MOST_LANGUAGES, MOST_MARKETS = 100, 300
AnyValue = TypeVar("AnyValue")


class Translation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What pages in another language show of a product; what it lacks is as in the shop's own."""

    title: Text | None = None
    url: WebAddress | None = None


class MarketPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is paid in a market now. currency: None: the product's own, or the one that the market is."""

    price: Annotated[float, msgspec.Meta(gt=0, le=1e9)]
    currency: Currency | None = None


Translations = Annotated[dict[LanguageTag, Translation | None], msgspec.Meta(max_length=MOST_LANGUAGES)]
"""By language; null: none any more."""
MarketPrices = Annotated[dict[MarketName, MarketPrice | None], msgspec.Meta(max_length=MOST_MARKETS)]
"""By country, as orders call it, or by currency (`USD`); null: none any more."""


def language_name(tag: str) -> str:
    """One spelling of a language: `de-at` of `de_AT`."""
    return tag.strip().casefold().replace("_", "-")


@lru_cache(1_000)
def is_currency(name: str) -> bool:
    """Whether ISO 4217 has it. Babel is imported late: the command line imports this module."""
    from babel.numbers import is_currency

    return bool(is_currency(name))


def market_name(name: str) -> str:
    """One spelling of a market: a currency in capitals, a country in small letters."""
    return name if is_currency(name) else name.strip().casefold()


def plain_translations(given: Mapping[str, AnyValue]) -> dict[str, AnyValue]:
    return {language_name(tag): each for tag, each in given.items()}


def plain_prices(given: Mapping[str, MarketPrice | None]) -> dict[str, MarketPrice | None]:
    """The same by one spelling of each market; a market that is a currency says so in its price."""
    prices = {market_name(name): price for name, price in given.items()}
    return {
        name: msgspec.structs.replace(price, currency=name) if price and is_currency(name) else price
        for name, price in prices.items()
    }


def merged_json(old: str | None, new: str | None) -> str | None:
    """JSON of what is kept by language or market, with what is new; null takes it away. None: nothing is."""
    if new is None:
        return old
    both: dict[str, Any] = {**(msgspec.json.decode(old) if old else {}), **msgspec.json.decode(new)}
    left = {name: each for name, each in both.items() if each is not None}
    return msgspec.json.encode(left, order="sorted").decode() if left else None
