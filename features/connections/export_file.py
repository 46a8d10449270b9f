"""Orders that a service's interface gives page by page, gathered into a file as the service exports it.

The file grows by whole pages and remembers its place: whatever ends in between goes on there. It holds
addresses, and only its owner can read it.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec

from features.home import Home
from features.store.files import make_folder, read_whole, write_whole


class Place(msgspec.Struct, frozen=True):
    """How far the file is: cursor of the last page, length in bytes, orders in it, whether all are."""

    cursor: str | None = None
    length: int = 0
    orders: int = 0
    done: bool = False


class ExportFile:
    """The file of one service in a home, and its place. header: names of its columns."""

    def __init__(self, home: Home, service: str, header: Sequence[str]) -> None:
        self.path: Path = home.root / "connections" / f"{service}-history.csv"
        self._place_file, self._header = self.path.with_suffix(".json"), header
        kept = read_whole(self._place_file) if self.path.exists() else None
        self.place = msgspec.json.decode(kept, type=Place) if kept else Place()

    def append(
        self, rows: Iterable[Mapping[str, Any]], orders: int, cursor: str | None, *, done: bool
    ) -> None:
        """Write a page behind the last whole one, and only then that it is there. Raises OSError."""
        before, text = self.place, StringIO()
        table = csv.DictWriter(text, self._header, lineterminator="\n")
        if not before.length:
            table.writeheader()
        table.writerows(rows)
        content = text.getvalue().encode()
        make_folder(self.path.parent)
        self.path.touch(mode=0o600)
        with self.path.open("r+b") as file:
            file.truncate(before.length)
            file.seek(before.length)
            file.write(content)
        self.place = Place(cursor, before.length + len(content), before.orders + orders, done)
        write_whole(self._place_file, msgspec.json.encode(self.place), mode=0o600)

    def forget(self) -> None:
        """Remove the file when it is imported: the next one begins anew."""
        self._place_file.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)
