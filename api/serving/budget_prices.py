"""Prices of the offers' budgets, worked out anew once a minute and whenever offers or model change."""

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
from recommender.offers.decide import BudgetPrice
from recommender.recommend import Recommender

EVERY_S = 60.0


@dataclass
class OfferPrices:
    """by_budget: budget id -> price, as last computed; empty: nothing is charged."""

    by_budget: Mapping[str, BudgetPrice] = field(default_factory=dict)
    _valid_for: tuple[int, str] = (0, "")
    _due: float = 0.0

    async def refresh(
        self, store: Connection, recommender: Recommender | None, catalogue: Catalogue, revision: int
    ) -> None:
        """Raises StoreUnavailable."""
        if recommender is None or not catalogue.budgets:
            self.by_budget = {}
            return
        valid_for = revision, recommender.bundle.manifest.version
        if valid_for == self._valid_for and time.monotonic() < self._due:
            return
        self._valid_for, self._due = valid_for, time.monotonic() + EVERY_S
        table = recommender.bundle.tables.offers
        if table is None or not len(table.traffic):
            self.by_budget = {}
            return
        spent, now = await read_spent(store), datetime.now(UTC)
        model = model_of(recommender.bundle.tables)
        self.by_budget = await asyncio.to_thread(
            budget_prices, catalogue, model, table.expected_traffic, spent, now, self.by_budget
        )
