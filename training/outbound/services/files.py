"""Files in a folder, for whatever else reads files: customers as CSV or JSON lines, triggers as JSON lines.

A file is whole or not there, and its name tells its content: what is written again replaces itself.
"""

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from features.connections.patience import Wait
from features.store.files import write_whole
from training.outbound.destination import Contact, Message, NotAllowed, Unavailable, Update
from training.outbound.fields import flat


class Files:
    batch, keeps_contacts, takes_orders = 1_000, False, False

    def __init__(self, settings: Mapping[str, Any], wait: Wait) -> None:  # noqa: ARG002
        """settings: `folder`; `format`, "csv" or "jsonl", of customers."""
        self._folder, self._csv = Path(settings["folder"]), settings.get("format", "csv") == "csv"

    def close(self) -> None:
        """Nothing is open."""

    def prepare(self) -> str:
        if not self._folder.is_dir():
            raise NotAllowed(f"{self._folder} is no folder: make it, or choose another with --folder")
        return str(self._folder)

    def people(self, since: datetime | None) -> Iterator[Sequence[Contact]]:  # noqa: ARG002
        """Everybody goes by the shop's own id."""
        return iter(())

    def update(self, updates: Sequence[Update], run: str) -> Mapping[str, str]:
        rows = [{"customer_id": each.customer_id, **flat(each.fields)} for each in updates]
        content, suffix = (_csv(rows), ".csv") if self._csv else (_lines(rows), ".jsonl")
        self._write(f"customers-{run}", content, suffix)
        return {}

    def tell(self, message: Message) -> None:
        self._write(f"trigger-{message.at:%Y-%m-%d}", _lines([{**message.data, "id": message.id}]), ".jsonl")

    def erase(self, contact: str) -> None:
        """Out of all files that still lie there; whoever has read them learns it by a file of its own."""
        for path in [*self._folder.glob("customers-*.jsonl"), *self._folder.glob("trigger-*.jsonl")]:
            kept = [row for row in path.read_bytes().splitlines(keepends=True) if _owner(row) != contact]
            _replace(path, b"".join(kept))
        for path in self._folder.glob("customers-*.csv"):
            rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
            _replace(path, _csv([row for row in rows if row["customer_id"] != contact]))
        self._write("erased", _lines([{"customer_id": contact}]), ".jsonl")

    def _write(self, kind: str, content: bytes, suffix: str) -> None:
        digest = hashlib.blake2b(content, digest_size=8).hexdigest()
        try:
            self.prepare()
            write_whole(self._folder / f"{kind}-{digest}{suffix}", content)
        except OSError as error:
            raise Unavailable(str(error)) from error


def _replace(path: Path, content: bytes) -> None:
    if content.count(b"\n") <= (path.suffix == ".csv"):
        path.unlink()
    elif content != path.read_bytes():
        write_whole(path, content)


def _owner(line: bytes) -> Any:
    return msgspec.json.decode(line).get("customer_id")


def _lines(rows: Sequence[Mapping[str, Any]]) -> bytes:
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


def _csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, ["customer_id", *flat(None)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
