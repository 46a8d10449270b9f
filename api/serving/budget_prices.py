"""Prices of the offers' budgets, worked out anew once a minute and whenever offers or model change."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from features.outgoing.offer_decisions import read_spent
from features.store.connection import Connection
from recommender.customers.offer_context import model_of
from recommender.offers.budgets import budget_prices
from recommender.offers.catalogue import Catalogue
from recommender.recommend import Recommender

EVERY_S = 60.0


@dataclass
class OfferPrices:
    """As of the last look; empty: nothing is charged."""

    standing: Mapping[str, float] = field(default_factory=dict)
    _of: tuple[int, str] = (0, "")
    _due: float = 0.0

    async def refresh(
        self, store: Connection, recommender: Recommender | None, catalogue: Catalogue, revision: int
    ) -> None:
        """Raises StoreUnavailable."""
        if recommender is None or not catalogue.budgets:
            self.standing = {}
            return
        known = revision, recommender.bundle.manifest.version
        if known == self._of and time.monotonic() < self._due:
            return
        self._of, self._due = known, time.monotonic() + EVERY_S
        table = recommender.bundle.tables.offers
        if table is None or not len(table.traffic):
            self.standing = {}
            return
        spent, now = await read_spent(store), datetime.now(UTC)
        model = model_of(recommender.bundle.tables)
        self.standing = await asyncio.to_thread(
            budget_prices, catalogue, model, table.expected_traffic, spent, now
        )
