"""The same order from a page, a webhook, its retry and a file is one order, whichever comes first.

Covers features/live/ingest.py, features/upkeep/rebuild.py and features/history/events_parquet.py, too.
"""

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import httpx
import polars as pl
import pytest
import redis

from features.history import events_parquet as history
from features.history.archiver import Archiver
from features.home import Home
from features.importers.orders import import_orders
from features.live.shopper_state import fold
from features.store import keys
from features.store.settings import StoreSettings
from features.upkeep.rebuild import rebuild, remember_imported
from training.ledger.ledger import load_ledger

from scale import SAME_ORDERS

NAMES = ("pixel", "webhook", "retry", "file")
ORDERS = [f"o-{number}" for number in range(SAME_ORDERS)]
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"

Tell = Callable[[Sequence[str]], None]


@pytest.fixture
def ways(
    url: str, served_home: Home, client: redis.Redis, settings: StoreSettings, tmp_path: Path
) -> dict[str, Tell]:
    """How one is told of orders; those by HTTP are sent in parallel."""

    def send(key: str, event_of: Callable[[str], dict[str, Any]]) -> Tell:
        def tell(order: str) -> None:
            lines = [{"product_id": "mug", "quantity": 2, "unit_price": 5.0}]
            event = {"type": "purchase", "order": {"order_id": order, "items": lines}} | event_of(order)
            headers = {"Authorization": f"Bearer {key}"}
            assert httpx.post(f"{url}/v1/events", json=event, headers=headers, timeout=60).status_code == 202

        def tell_all(orders: Sequence[str]) -> None:
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(tell, orders))

        return tell_all

    def from_file(orders: Sequence[str]) -> None:
        now = datetime.now(UTC)
        rows = [f"{order},mug,MUG,2,{now:%Y-%m-%d} 00:00:00,5.0,c-{order},France" for order in orders]
        path = tmp_path / "orders.csv"
        path.write_text("\n".join([HEADER, *rows, ""]))
        import_orders(served_home, path, received_at=now)
        remember_imported(served_home, client, settings, now, now)

    return {
        "pixel": send("pk_demo", lambda order: {"anonymous_id": f"a-{order}", "event_id": f"page {order}"}),
        "webhook": send("sk_demo", lambda order: {"customer_id": f"c-{order}"}),
        "retry": send("sk_demo", lambda order: {"customer_id": f"c-{order}", "event_id": f"again {order}"}),
        "file": from_file,
    }


def in_live_state(client: redis.Redis, order: str) -> int:
    """How many orders an answer sees, to which the logs of customer and browser are one history."""
    logs = [keys.shopper_log(f"c-{order}", identified=True), keys.shopper_log(f"a-{order}", identified=False)]
    entries = [cast(list[bytes], client.lrange(log, 0, -1)) for log in logs]
    return len(fold(entries[0] + entries[1]).purchases)


def in_history_and_ledger(home: Home) -> tuple[list[str], dict[str, float]]:
    orders = history.scan(home).filter(pl.col("type") == "purchase").select("order_id").collect()
    ledger = load_ledger(home, datetime.now(UTC).date()).orders
    return sorted(orders["order_id"]), dict(ledger.select("order", "revenue").rows())


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(NAMES, 2)))
def test_two_ways_one_after_another(
    ways: dict[str, Tell],
    client: redis.Redis,
    served_home: Home,
    settings: StoreSettings,
    first: str,
    second: str,
) -> None:
    """What a file alone brought is the model's to know, and in no log."""
    ways[first](ORDERS)
    ways[second](ORDERS)
    expected = 0 if first == "file" else 1
    assert {in_live_state(client, order) for order in ORDERS} == {expected}
    Archiver(client, served_home, settings).run(burst=True)
    assert in_history_and_ledger(served_home) == (sorted(ORDERS), dict.fromkeys(ORDERS, 10.0))
    client.flushall()
    rebuild(served_home, client, settings, datetime.now(UTC))
    ways["webhook"](ORDERS)
    assert {in_live_state(client, order) for order in ORDERS} == {expected}
    assert client.xlen(keys.event_stream()) == 0


def test_all_ways_at_once(
    ways: dict[str, Tell], client: redis.Redis, served_home: Home, settings: StoreSettings
) -> None:
    with ThreadPoolExecutor(len(ways)) as pool:
        list(pool.map(lambda name: ways[name](ORDERS), ways))
    assert {in_live_state(client, order) for order in ORDERS} <= {0, 1}
    Archiver(client, served_home, settings).run(burst=True)
    assert in_history_and_ledger(served_home) == (sorted(ORDERS), dict.fromkeys(ORDERS, 10.0))
