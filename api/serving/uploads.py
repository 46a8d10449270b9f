"""Files that came by HTTP to be imported: a folder each, for a day at most."""

import re
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Final

import msgspec

from api.schemas.imports import ImportAsk, UploadAsk
from api.web.problems import Problem
from features.home import PRIVATE, Home
from features.store.files import write_whole
from features.store.locks import is_held
from features.time_units import DAY_S

NO_FILE: Final = "There is no such file: it was imported, or came more than a day ago. Send it again."
RUNNING: Final = "An import of this file is running: wait until it is done."
TOO_LARGE: Final = (
    "The file is larger than {} MB. Send it in parts, or run `perennial import` beside the home."
)
LONGEST_NAME = 100
RESULT, ASK = "result.json", "ask.json"
ID = re.compile(r"f-[0-9a-f]{16}")


class Asked(msgspec.Struct, frozen=True):
    """What a file is called, and how it was last asked for."""

    file: str
    at: datetime
    ask: ImportAsk | None = None


async def keep(home: Home, ask: UploadAsk, chunks: AsyncIterator[bytes], most_bytes: int) -> str:
    """Write a body to a folder of its own; returns its id. Raises Problem 413 and 422, OSError."""
    sweep(home)
    id, name = f"f-{secrets.token_hex(8)}", file_name(ask.name)
    folder = home.uploads / id
    folder.mkdir(PRIVATE)
    try:
        (folder / name).touch(0o600)
        with (folder / name).open("wb") as file:
            async for chunk in _bounded(chunks, most_bytes):
                file.write(chunk)
        write_asked(folder, Asked(name, datetime.now(UTC)))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return id


async def _bounded(chunks: AsyncIterator[bytes], most_bytes: int) -> AsyncIterator[bytes]:
    """The same. Raises Problem 413 as soon as they are too many, and 422 where there are none."""
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > most_bytes:
            raise Problem(413, TOO_LARGE.format(most_bytes // 1_000_000))
        yield chunk
    if not size:
        raise Problem(422, "The file is empty.")


def file_name(sent: str) -> str:
    """A name without folders that no command takes for an option."""
    bare = re.sub(r"[^\w.() +-]", "_", PurePath(sent.replace("\\", "/")).name)
    return bare.lstrip("-. ")[-LONGEST_NAME:] or "upload.csv"


def sweep(home: Home) -> None:
    """Remove files that came more than a day ago."""
    for folder in home.uploads.iterdir():
        with suppress(FileNotFoundError):
            if time.time() - folder.stat().st_mtime > DAY_S and not is_held(folder / RESULT):
                shutil.rmtree(folder)


def folder_of(home: Home, id: str) -> Path:
    """Raises Problem 404."""
    folder = home.uploads / id
    if not ID.fullmatch(id) or not (folder / ASK).is_file():
        raise Problem(404, NO_FILE)
    return folder


def discard(home: Home, id: str) -> None:
    """Remove a file. Raises Problem 404 and 409."""
    folder = folder_of(home, id)
    if is_held(folder / RESULT):
        raise Problem(409, RUNNING)
    shutil.rmtree(folder)


def write_asked(folder: Path, asked: Asked) -> None:
    write_whole(folder / ASK, msgspec.json.encode(asked))


def read_asked(folder: Path) -> Asked:
    return msgspec.json.decode((folder / ASK).read_bytes(), type=Asked)
