"""A shop that tells of its orders in several ways, and what its ledger makes of them."""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import redis

from features.history.archiver import Archiver
from features.home import Home
from features.importers.orders import import_orders
from features.store.settings import StoreSettings
from features.upkeep.rebuild import remember_imported
from training.ledger.ledger import load_ledger

Json = dict[str, Any]


class OrderTeller(ABC):
    """Tells of orders in every way."""

    def __init__(
        self, http: httpx.Client, home: Home, client: redis.Redis, settings: StoreSettings, folder: Path
    ) -> None:
        self.http, self.home, self.client, self.settings, self.folder = http, home, client, settings, folder
        self._files = itertools.count()

    @abstractmethod
    def tell(self, way: str, orders: list[Json]) -> None:
        """Tell of orders in one way."""

    def told(self, scripts: Mapping[int, Iterable[tuple[str, Json]]]) -> None:
        """Tell each order's script: a step of all orders before the next, each way at once."""
        for step in itertools.zip_longest(*scripts.values()):
            ways: dict[str, list[Json]] = {}
            for way, each in filter(None, step):
                ways.setdefault(way, []).append(each)
            for way, orders in ways.items():
                self.tell(way, orders)

    def take_export(self, content: str) -> None:
        path = self.folder / f"orders_export_{next(self._files)}.csv"
        path.write_text(content)
        self.take(path)

    def take(self, path: Path) -> None:
        """Import an export file."""
        now = datetime.now(UTC)
        Archiver(self.client, self.home, self.settings).run(burst=True)
        import_orders(self.home, path, received_at=now)
        remember_imported(self.home, self.client, self.settings, now, now)

    def ledger(self) -> dict[str, int]:
        """Order -> cents of its goods."""
        Archiver(self.client, self.home, self.settings).run(burst=True)
        orders = load_ledger(self.home, max(date(2026, 11, 30), datetime.now(UTC).date())).orders
        return {name: round(100 * money) for name, money in orders.select("order", "revenue").rows()}


def wrong(found: Mapping[str, int], expected: Mapping[str, int | None], names: Mapping[str, Any]) -> Json:
    """What is not as expected: name of the script -> cents found and expected."""
    orders = [*dict.fromkeys([*found, *expected])]
    return {
        str(names.get(number, number)): (found.get(number), expected.get(number))
        for number in orders
        if found.get(number) != expected.get(number)
    }
