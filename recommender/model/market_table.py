"""A bundle's table of markets: what sells in each country."""

from __future__ import annotations

from dataclasses import dataclass

from recommender.arrays.id_map import IdMap
from recommender.arrays.tables import NeighbourRow, Neighbours


@dataclass(frozen=True)
class MarketTable:
    """countries: names in small letters; popular: a row for each, its best sellers, best first (weights: the
    best has 1; together: buyers there)."""

    countries: IdMap
    popular: Neighbours

    def best_sellers(self, country: str) -> NeighbourRow | None:
        """None where too few buy from there to tell."""
        row = self.countries.row(country.casefold())
        return self.popular.of(row) if row >= 0 else None
