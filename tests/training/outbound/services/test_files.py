"""Files for whatever else reads files."""

import csv
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis

from features.home import Home
from training.outbound.destination import NotAllowed

from outbound_shop import OutboundShop


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def connected(home: Home, client: redis.Redis, folder: Path, format: str) -> OutboundShop:
    return OutboundShop(home, client, "files", {"folder": str(folder), "format": format})


def rows(folder: Path, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted(folder.glob(f"{kind}-*")):
        lines = path.read_text(encoding="utf-8").splitlines()
        found += csv.DictReader(lines) if path.suffix == ".csv" else map(json.loads, lines)
    return found


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_customers_and_messages_are_written_and_erased(
    home: Home, client: redis.Redis, folder: Path, format: str
) -> None:
    shop = connected(home, client, folder, format)
    shop.listens()
    shop.ships("ann", 1)
    shop.hears("consent", "bob", properties={"email": True})
    assert shop.round() == {"events": 1, "customers": 2}
    customers = rows(folder, "customers")
    assert [each["customer_id"] for each in customers] == ["ann", "bob"]
    assert float(customers[0]["value_365d"]) > 0
    assert customers[0]["pick1_title"]
    assert [each["kind"] for each in rows(folder, "trigger")] == ["order_status"]
    with shop.state() as state:
        state.forget(["ann"])
    assert shop.round(timedelta(minutes=1))["erased"] == 1
    assert [each["customer_id"] for each in rows(folder, "customers")] == ["bob"]
    assert rows(folder, "trigger") == []
    assert rows(folder, "erased") == [{"customer_id": "ann"}]


def test_a_folder_that_is_gone_is_said(home: Home, client: redis.Redis, folder: Path) -> None:
    shop = connected(home, client, folder / "absent", "csv")
    with pytest.raises(NotAllowed, match="--folder"):
        shop.round()
