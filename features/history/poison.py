"""What could not be read, set aside in the home with the reason, and given another try by `poison replay`."""

from __future__ import annotations

import logging
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from features.home import Home
from features.store import keys
from features.store.files import make_folder, sync, write_whole

if TYPE_CHECKING:
    import redis

logger = logging.getLogger(__name__)

REASON = ".reason"


class Poison(msgspec.Struct, omit_defaults=True):
    """A stream entry that cannot be read, and why. fields: as text, for people, who may correct it.

    binary: base64 of those fields that are no text; they are replayed as they were.
    """

    id: str
    reason: str
    fields: dict[str, str]
    stream: str = msgspec.field(default_factory=keys.event_stream)
    binary: dict[str, str] = {}

    @classmethod
    def of(cls, stream: str, entry_id: bytes, fields: Mapping[bytes, bytes], error: Exception) -> Poison:
        named = {name.decode(errors="backslashreplace"): value for name, value in fields.items()}
        return cls(
            entry_id.decode(),
            f"{type(error).__name__}: {error}",
            {name: value.decode(errors="backslashreplace") for name, value in named.items()},
            stream,
            {name: b64encode(value).decode() for name, value in named.items() if not _is_text(value)},
        )

    def entry(self) -> dict[str, bytes]:
        """The fields to send again."""
        text = {name: value.encode() for name, value in self.fields.items()}
        return text | {name: b64decode(value) for name, value in self.binary.items()}


def set_aside(home: Home, poison: Sequence[Poison], name: str) -> None:
    """Keep entries in a file of this name."""
    lines = b"".join(msgspec.json.encode(each) + b"\n" for each in poison)
    write_whole(home.poison / f"{name}.jsonl", lines)
    logger.warning("Set aside %d unreadable entries; see %s", len(poison), home.poison)


def set_aside_file(home: Home, path: Path, reason: str) -> None:
    """Move a damaged file of the home to the same place below `poison`."""
    target = home.poison / path.relative_to(home.root)
    make_folder(target.parent)
    write_whole(target.with_suffix(REASON), reason.encode())
    path.replace(target)
    sync(target.parent)
    logger.error("Set aside the damaged file %s: %s", target, reason)


def poisoned(home: Home) -> Iterator[tuple[Path, Poison | None, str]]:
    """All that was set aside: the file, the entry in it (None: the file itself), and the reason."""
    for path in sorted(home.poison.glob("*.jsonl")):
        for each in _entries(path):
            yield path, each, each.reason
    for reason in files_set_aside(home):
        yield reason.with_suffix(".parquet"), None, reason.read_text(encoding="utf-8")


def files_set_aside(home: Home) -> list[Path]:
    """The reason of each damaged file that was set aside, which stands beside it."""
    return sorted(home.poison.glob(f"*/*/*{REASON}"))


def replay(home: Home, client: redis.Redis) -> int:
    """Send all entries again, and put files back; returns how many. What is bad still is set aside again.

    A file is removed after its entries are in the stream: if it ends between, they are sent twice, and an
    event counts once. Raises ValueError, OSError.
    """
    sent = 0
    for path in sorted(home.poison.glob("*.jsonl")):
        for each in _entries(path):
            client.xadd(each.stream, each.entry())  # type: ignore[arg-type]
            sent += 1
        path.unlink()
    for reason in files_set_aside(home):
        put_back(home, reason)
        sent += 1
    return sent


def put_back(home: Home, reason: Path) -> None:
    """Let the file with this reason be a file of the home again."""
    damaged = reason.with_suffix(".parquet")
    target = home.root / damaged.relative_to(home.poison)
    make_folder(target.parent)
    damaged.replace(target)
    reason.unlink()


def _entries(path: Path) -> list[Poison]:
    """Raises ValueError where somebody's correction made it unreadable."""
    lines = path.read_bytes().splitlines()
    try:
        return [msgspec.json.decode(line, type=Poison) for line in lines if line.strip()]
    except msgspec.DecodeError as error:
        raise ValueError(f"{path} cannot be read: {error}. Correct it, and try again") from error


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
