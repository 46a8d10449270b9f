"""The bytes of a file or an address, unpacked if gzipped."""

import gzip
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import urlsplit

from features import public_fetch
from features.importers.refusal import ImportRefused
from features.progress import Report
from features.public_fetch import Limits, NotFetched

CHUNK_BYTES = 8_000_000
FETCH_BYTES = 300_000_000
FETCH_SECONDS = 300.0
MOST_BYTES = 2_000_000_000  # of a file, unpacked
BOMB_BYTES, BOMB_RATIO = 50_000_000, 100  # tables shrink to a tenth, seldom to a thirtieth


def read_file(path: Path, report: Report) -> bytes:
    """The whole file, unpacked if it is gzip. Raises ImportRefused for a missing, empty or damaged one."""
    if not path.is_file():
        raise ImportRefused(f"There is no file {path}. Check the path.")
    total = path.stat().st_size
    try:
        with path.open("rb") as packed:
            return unpacked(packed, path.name, lambda done: report("reading", done, total))
    except OSError as error:
        raise ImportRefused(f"{path} cannot be read: {error.strerror}.") from error


def fetch(url: str, report: Report, *, own_network: bool = False) -> bytes:
    """What an http(s) URL answers, unpacked if it is gzip. own_network: it may lead into the shop's own
    network, at any port. Raises ImportRefused."""
    report("reading", 0, 0)
    host = urlsplit(url).hostname
    limits = Limits(FETCH_SECONDS, FETCH_BYTES, hosts=(host,) if own_network and host else ())
    try:
        content = public_fetch.fetch(url, limits).content
    except (NotFetched, ValueError) as error:
        raise ImportRefused(
            f"{url} could not be fetched: {error}. Check the address; one in your own network needs "
            "--own-network. Or download it and import the file."
        ) from error
    return unpacked(BytesIO(content), url, lambda _: None)


def unpacked(packed: BinaryIO, name: str, read_so_far: Callable[[int], None]) -> bytes:
    """All bytes of a stream, unpacked if gzipped. Raises ImportRefused if empty, damaged or too large."""
    zipped = packed.read(2) == b"\x1f\x8b"
    packed.seek(0)
    source = cast("BinaryIO", gzip.GzipFile(fileobj=packed)) if zipped else packed
    content = BytesIO()
    try:
        while chunk := source.read(CHUNK_BYTES):
            content.write(chunk)
            read_so_far(packed.tell())
            check_size(content.tell(), packed.tell(), name)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ImportRefused(
            f"{name} is a damaged or incomplete gzip file, so nothing was taken. "
            "Download or copy it again and import the whole file."
        ) from error
    whole = content.getvalue()
    if not whole or whole.isspace():
        raise ImportRefused(f"{name} is empty. Export it again with its header and rows.")
    return whole


def check_size(unpacked: int, packed: int, name: str) -> None:
    """Refuse what would take all memory, in bytes. Raises ImportRefused."""
    if unpacked > BOMB_BYTES and unpacked > BOMB_RATIO * packed:
        raise ImportRefused(
            f"{name} unpacks to more than {BOMB_RATIO} times its size, as no export does, so nothing was "
            "taken. If it is sound, unpack it and import that."
        )
    if unpacked > MOST_BYTES:
        raise ImportRefused(
            f"{name} holds more than {MOST_BYTES // 1_000_000:,} MB. Import it in parts, a year at a time."
        )
