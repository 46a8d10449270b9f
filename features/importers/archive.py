"""The files inside a .zip."""

import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from features.importers.content import MOST_BYTES, check_size, unpacked
from features.importers.refusal import ImportRefused

ZIP_MARK = b"PK\x03\x04"
MOST_FILES = 1_000
OFFICE_PARTS = {"[Content_Types].xml", "mimetype"}
"""What only spreadsheets and other documents have at their top."""


def is_archive(content: bytes) -> bool:
    """Whether this is a .zip, and not a spreadsheet, which is one inside."""
    if not content.startswith(ZIP_MARK):
        return False
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return OFFICE_PARTS.isdisjoint(archive.namelist())
    except (zipfile.BadZipFile, ValueError):
        return b"[Content_Types].xml" not in content[:2_000]


def files_inside(content: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file of a .zip in order of names, without what systems add (`__MACOSX`).

    Raises ImportRefused for one that is damaged, encrypted or empty, or that unpacks to too much.
    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            members = [
                each for each in archive.infolist() if not each.is_dir() and not is_hidden(each.filename)
            ]
            if not members or len(members) > MOST_FILES:
                raise ImportRefused(
                    f"{name} holds {len(members):,} files; 1 to {MOST_FILES:,} can be read at once."
                )
            check_size(sum(each.file_size for each in members), len(content), name)
            left = MOST_BYTES
            for member in sorted(members, key=lambda each: each.filename):
                if member.file_size:
                    file = unpacked(_open(archive, member, name), f"{name}/{member.filename}", lambda _: None)
                    left -= len(file)
                    check_size(MOST_BYTES - left, len(content), name)
                    yield member.filename, file
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError, zlib.error) as error:
        if isinstance(error, ImportRefused):
            raise
        raise ImportRefused(
            f"{name} is a damaged or unusual .zip, so nothing was taken. Unpack it and import its folder."
        ) from error


def is_hidden(path: str) -> bool:
    """Whether a system put it there: resource forks of macOS, names that begin with a dot, Windows' own."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    return any(part.startswith((".", "__MACOSX", "~$")) for part in parts) or parts[-1:] in {
        ("Thumbs.db",),
        ("desktop.ini",),
    }


def _open(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> BinaryIO:
    try:
        return cast("BinaryIO", BytesIO(archive.read(member)))
    except RuntimeError as error:  # what zipfile raises of a password
        raise ImportRefused(f"{name} has a password. Unpack it and import what is inside.") from error
