"""What the catalogue lacks, how old it is, and how live events name its products."""

import asyncio
from datetime import datetime
from typing import Any, Final

import msgspec
import numpy as np

from api.schemas.intake import CatalogueHealth, LiveNames, Missing, UnknownName
from api.serving.service import Service
from api.web.metrics import PRODUCT_NAMES, counted
from features.catalogue.live_names import unknown_of
from features.home import Home
from features.importers.records import records
from recommender.model.availability import Availability
from recommender.model.bundle import Tables

ON_CARDS: Final = ("title", "currency", "image_url", "url")
EXAMPLES, MOST_UNKNOWN = 5, 50


async def catalogue_health(service: Service) -> CatalogueHealth:
    """Raises StoreUnavailable."""
    live = await _live_names(service)
    imported_at = await asyncio.to_thread(_imported_at, service.home)
    recommender = service.recommender
    if recommender is None:
        return CatalogueHealth(0, 0, 0, {}, imported_at, None, live)
    tables, availability = recommender.bundle.tables, recommender.availability
    last_order = recommender.bundle.manifest.last_order
    return CatalogueHealth(
        products=len(tables.products),
        offered=int(availability.offered.sum()),
        in_stock=int(availability.sellable.sum()),
        missing=await asyncio.to_thread(_missing, tables, availability),
        imported_at=imported_at,
        orders_until=datetime.fromisoformat(last_order) if last_order else None,
        live=live,
    )


def title_of(service: Service, product_id: str) -> str | None:
    """Of a product that the model knows."""
    if service.recommender is None:
        return None
    tables = service.recommender.bundle.tables
    row = tables.products.row(product_id)
    return tables.titles[row].decode() or None if row >= 0 else None


async def _live_names(service: Service) -> LiveNames:
    counts = {match: n for (match,), n in counted(PRODUCT_NAMES).items()}
    unknown = await unknown_of(service.store)
    return LiveNames(
        named=sum(counts.values()),
        known=sum(counts.values()) - counts.get("unknown", 0),
        unknown=[UnknownName(name, times) for name, times in [*unknown.items()][:MOST_UNKNOWN]],
    )


def _imported_at(home: Home) -> datetime | None:
    return max((each.received_at for each in records(home) if each.kind == "catalogue"), default=None)


def _missing(tables: Tables, availability: Availability) -> dict[str, Missing]:
    """Field -> the offered products that lack it."""
    offered = np.flatnonzero(availability.offered)
    lacking: dict[str, list[int]] = {
        "price": [*offered[~(availability.price[offered] > 0)]],
        "cost": [*offered[~np.isfinite(availability.cost[offered])]],
        "category": [*offered[tables.product.category[offered] < 0]],
    } | {name: [] for name in ON_CARDS}
    for item in map(int, offered):
        card: dict[str, Any] = msgspec.json.decode(b"{%b}" % availability.card(tables, item))
        for name in ON_CARDS:
            if not card.get(name):
                lacking[name].append(item)
    names = tables.products.name
    return {
        field: Missing(len(items), [names(item) for item in items[:EXAMPLES]])
        for field, items in lacking.items()
    }
