"""A model version as a market sees it: titles in its language, its prices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

from recommender.context.market import market_of
from recommender.context.request import Request
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from recommender.model.local_table import HOME_MARKET, MOST_VIEWS, Market, Names


@dataclass(frozen=True)
class InMarkets:
    """A model version and what is available now, made for each market at first use."""

    bundle: Bundle
    availability: Availability

    @cached_property
    def market_names(self) -> Names | None:
        """Languages and markets of the catalogue; None: of a shop that has only its own."""
        local, live = self.bundle.tables.local, self.availability.local_names
        names = live | (local.names if local is not None else Names())
        return names if any(names) else None

    def for_market_of(self, request: Request, *, own_currency: bool = False) -> Self:
        """This with prices, titles and cards as who asks is to see them; itself in most shops.

        own_currency: prices in others than the shop's own do not count.
        """
        if self.market_names is None:
            return self
        market = market_of(request, self.bundle.tables, self.market_names)
        if own_currency and market.country:
            market = market._replace(own_currency=True)
        return self if market == HOME_MARKET else self._in_market(market)

    def _in_market(self, market: Market) -> Self:
        if market not in self._markets:
            if len(self._markets) >= MOST_VIEWS:
                self._markets.clear()
            tables = self.bundle.tables
            shown = self.availability.in_market(tables, market)
            seen = tables.local.view(tables, market).tables if tables.local is not None else tables
            self._markets[market] = replace(
                self, bundle=replace(self.bundle, tables=seen), availability=shown
            )
        return self._markets[market]

    @cached_property
    def _markets(self) -> dict[Market, Self]:
        return {}
