import csv
import gzip
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from training.demo.shop import write_demo_shop

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


@dataclass
class Shop:
    """A small demo shop on disk, read back as any reader would."""

    folder: Path

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        with gzip.open(self.folder / "events.jsonl.gz", "rt", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    @cached_property
    def orders(self) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == "purchase"]

    @cached_property
    def feed(self) -> list[dict[str, str]]:
        return self.table("catalogue.tsv", "\t")

    @cached_property
    def truth(self) -> dict[str, Any]:
        written: dict[str, Any] = json.loads((self.folder / "truth.json").read_text("utf-8"))
        return written

    @cached_property
    def page(self) -> dict[str, Any]:
        written: dict[str, Any] = json.loads((self.folder / "shop.json").read_text("utf-8"))
        return written

    def table(self, name: str, delimiter: str = ",") -> list[dict[str, str]]:
        with (self.folder / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, delimiter=delimiter))


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("demo")
    write_demo_shop(folder, now=NOW, customers=900, products=150)
    return Shop(folder)
