"""The log of what people let serve, `models/publications.jsonl`, one line a time."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from features.store.files import read_whole
from recommender.model import versions

LOG = "publications.jsonl"
How = Literal["published", "forced", "rolled back to"]


class Publication(msgspec.Struct, frozen=True):
    """refused: why training had not published what was forced; by: who did it, where it is known."""

    at: datetime
    how: How
    version: str
    refused: tuple[str, ...] = ()
    by: str | None = None


def publish(
    models: Path, version: str, now: datetime, *, force: bool = False, by: str | None = None
) -> Publication:
    """As `versions.publish`, and logged. Raises BadBundle, Refused, OSError."""
    refused = next((each.refused for each in versions.manifests(models) if each.version == version), ())
    versions.publish(models, version, force=force)
    return _noted(models, Publication(now, "forced" if refused else "published", version, refused, by))


def roll_back(models: Path, now: datetime, by: str | None = None) -> Publication:
    """As `versions.rollback`, and logged. Raises BadBundle, OSError."""
    return _noted(models, Publication(now, "rolled back to", versions.rollback(models).version, by=by))


def publications(models: Path, limit: int) -> Sequence[Publication]:
    """The newest, newest first; lines that cannot be read are left out. Raises OSError."""
    lines = (read_whole(models / LOG) or b"").splitlines()[::-1]
    return [found for line in lines[:limit] if (found := _read(line))]


def _noted(models: Path, publication: Publication) -> Publication:
    with (models / LOG).open("ab") as log:
        log.write(msgspec.json.encode(publication) + b"\n")
    return publication


def _read(line: bytes) -> Publication | None:
    try:
        return msgspec.json.decode(line, type=Publication)
    except msgspec.MsgspecError:
        return None
