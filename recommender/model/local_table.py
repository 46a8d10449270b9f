"""A bundle's table of what products are called in other languages and cost in other markets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from features.catalogue.local import MarketPrice, Translation
from recommender.arrays.dtypes import Bools, Float32s
from recommender.arrays.id_map import PackedBytes

if TYPE_CHECKING:
    from recommender.model.bundle import Tables

MOST_VIEWS = 100  # markets whose prices are kept at hand


class Market(NamedTuple):
    """Whom products are shown to, in the names that the catalogue has; "": as in the shop itself."""

    language: str = ""
    country: str = ""
    currency: str = ""
    own_currency: bool = False  # prices in another currency than the product's own do not count


HOME_MARKET = Market()


class Local(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the catalogue says of a product by language and market; null: nothing now. currency: its own."""

    translations: dict[str, Translation | None] = {}
    prices: dict[str, MarketPrice | None] = {}
    currency: str | None = None

    def after(self, fields: Mapping[str, Any]) -> Local:
        """With the live fields of the product."""
        said = msgspec.convert(
            {name: fields[name] for name in (*BY_NAME, "currency") if fields.get(name)}, Local
        )
        return Local(
            self.translations | said.translations,
            self.prices | said.prices,
            said.currency or self.currency,
        )

    def price(self, market: Market) -> MarketPrice | None:
        """The country's, or one in the currency that is asked for. None: the shop's own."""
        here, there = self.prices.get(market.country), self.prices.get(market.currency)
        if market.own_currency:
            return here if here and not self.is_foreign(here) else None
        if not market.currency or (here and (here.currency or self.currency) == market.currency):
            return here
        return None if market.currency == self.currency else there or here

    def is_foreign(self, price: MarketPrice) -> bool:
        """Whether a price of this product is in another currency than its cost."""
        return price.currency not in {None, self.currency}

    def card(self, card: bytes, market: Market) -> bytes:
        """The JSON fields of a product card as the market sees them, without braces."""
        price, text = self.price(market), self.translations.get(market.language)
        if not (price or text):
            return card
        shown = msgspec.json.decode(b"{%b}" % card)
        if text:
            shown |= {name: said for name, said in (("title", text.title), ("url", text.url)) if said}
        if price:
            shown |= {"price": price.price, "currency": price.currency or shown.get("currency")}
        return msgspec.json.encode({name: value for name, value in shown.items() if value is not None})[1:-1]


BY_NAME = ("translations", "prices")
NOTHING_LOCAL = Local()
_local = msgspec.json.Decoder(Local).decode


class Names(NamedTuple):
    """All that a catalogue names."""

    languages: frozenset[str] = frozenset()
    countries: frozenset[str] = frozenset()
    currencies: frozenset[str] = frozenset()

    def market(self, language: str, country: str | None, currency: str | None) -> Market:
        """In these names. language: a tag like `de-at`, for which `de` stands in."""
        spoken = next((each for each in (language, language.partition("-")[0]) if each in self.languages), "")
        lived_in = (country or "").strip().casefold()
        return Market(
            spoken,
            lived_in if lived_in in self.countries else "",
            currency if currency in self.currencies else "",
        )

    def __or__(self, other: tuple[Any, ...]) -> Names:
        return Names(*(mine | theirs for mine, theirs in zip(self, other, strict=True)))


def names_in(locals: Iterable[Local]) -> Names:
    """Of these products."""
    languages, markets, currencies = set[str](), set[str](), set[str]()
    for each in locals:
        languages.update(each.translations)
        markets.update(each.prices)
        if each.prices:
            named = {price.currency for price in each.prices.values() if price}
            currencies.update(name for name in (*named, each.currency) if name)
    return Names(frozenset(languages), frozenset(markets - currencies), frozenset(currencies))


@dataclass(frozen=True)
class MarketView:
    """A bundle's tables as a market sees them. paid: (n_items) float32, NaN where the shop's own price holds;
    foreign: (n_items), whether it is in another currency than the cost."""

    tables: Tables
    paid: Float32s
    foreign: Bools


@dataclass(frozen=True)
class LocalTable:
    """said: per product, JSON of a `Local`, or nothing."""

    said: PackedBytes
    _views: dict[Market, MarketView] = field(init=False, repr=False, default_factory=dict)

    def of(self, item: int) -> Local:
        """Of one product."""
        said = self.said[item]
        return _local(said) if said else NOTHING_LOCAL

    @cached_property
    def names(self) -> Names:
        """Of all products."""
        return names_in(map(self.of, range(len(self.said))))

    def view(self, tables: Tables, market: Market) -> MarketView:
        """tables: those that this table is one of."""
        if market not in self._views:
            if len(self._views) >= MOST_VIEWS:
                self._views.clear()
            self._views[market] = self._view(tables, market)
        return self._views[market]

    def _view(self, tables: Tables, market: Market) -> MarketView:
        paid, foreign = np.full(len(self.said), np.nan, np.float32), np.zeros(len(self.said), np.bool_)
        if market.country or market.currency:
            for item in range(len(self.said)):
                local = self.of(item)
                if price := local.price(market):
                    paid[item], foreign[item] = price.price, local.is_foreign(price)
        seen = replace(
            tables,
            cards=LocalCards(tables.cards.blob, tables.cards.offsets, self, market),
            titles=LocalTitles(tables.titles.blob, tables.titles.offsets, self, market),
        )
        return MarketView(seen, paid, foreign)


@dataclass(frozen=True)
class LocalCards(PackedBytes):
    """Product cards as a market sees them."""

    table: LocalTable
    market: Market

    def __getitem__(self, row: int) -> bytes:
        return self.table.of(row).card(super().__getitem__(row), self.market)


@dataclass(frozen=True)
class LocalTitles(PackedBytes):
    """Titles in a market's language, where they are translated."""

    table: LocalTable
    market: Market

    def __getitem__(self, row: int) -> bytes:
        text = self.table.of(row).translations.get(self.market.language)
        return text.title.encode() if text and text.title else super().__getitem__(row)
