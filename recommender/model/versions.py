"""Versions of the bundle: one folder each under `models/`, and the pointer `current`, moved atomically."""

import logging
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from features.store.files import changing, read_whole, write_whole
from recommender.model.bundle import Bundle, Manifest
from recommender.model.bundle_files import MANIFEST_FILE, BadBundle, read_bundle, verify

logger = logging.getLogger("perennial.models")

CURRENT = "current"
SEAL = ".sha256"
VERSION_NAME = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ(-\d+)?")


class Refused(BadBundle):
    """A version that training did not publish; the message says why."""


class Pointer(msgspec.Struct, frozen=True):
    """What `models/current` holds: the version that serves, its seal, and those that served before."""

    version: str
    manifest_sha256: str
    previous: tuple[str, ...] = ()


def seal(models: Path, version: str, manifest_sha256: str) -> None:
    """Store the hash of a finished bundle's manifest beside it."""
    write_whole(models / f"{version}{SEAL}", manifest_sha256.encode())


def current(models: Path) -> Pointer | None:
    """The pointer, or None before the first bundle. Raises BadBundle where it is damaged."""
    content = read_whole(models / CURRENT)
    if content is None:
        return None
    try:
        pointer = msgspec.json.decode(content, type=Pointer)
    except msgspec.MsgspecError as error:
        raise BadBundle("models/current is damaged; run `perennial models publish VERSION`") from error
    if not VERSION_NAME.fullmatch(pointer.version):
        raise BadBundle("models/current names no version; run `perennial models publish VERSION`")
    return pointer


def load_current(models: Path) -> Bundle | None:
    """The serving bundle, checked; None before the first. Raises BadBundle."""
    pointer = current(models)
    if pointer is None:
        return None
    return read_bundle(models / pointer.version, pointer.manifest_sha256)


def load(models: Path, version: str) -> Bundle:
    """Any sealed version, checked. Raises BadBundle."""
    return read_bundle(models / version, _sealed(models, version))


def manifests(models: Path) -> Iterator[Manifest]:
    """All sealed versions that can be read, oldest first; damaged ones are left out."""
    names = (mark.name.removesuffix(SEAL) for mark in models.glob(f"*{SEAL}"))
    readable = [manifest for name in names if (manifest := _manifest(models, name))]
    yield from sorted(readable, key=lambda each: (each.created_at, len(each.version), each.version))


def _manifest(models: Path, name: str) -> Manifest | None:
    """None where there is none, or where it is another than was sealed, or cannot be read."""
    try:
        content = read_whole(models / name / MANIFEST_FILE)
        if content is None:
            return None
        manifest = msgspec.json.decode(content, type=Manifest)
        datetime.fromisoformat(manifest.created_at)
    except (OSError, ValueError, RecursionError, msgspec.MsgspecError) as error:
        logger.warning("the manifest of %s cannot be read, so it is no version: %s", name, error)
        return None
    return manifest if manifest.version == name else None


def publish(models: Path, version: str, *, force: bool = False) -> Pointer:
    """Let a sealed version serve, after checking it whole, its values too.

    force: even one that training refused. Raises BadBundle, Refused; then nothing changes.
    """
    manifest_sha256 = _sealed(models, version)
    manifest = read_bundle(models / version, manifest_sha256).manifest
    if manifest.refused and not force:
        raise Refused(f"training refused {version}: {'; '.join(manifest.refused)}")
    with changing(models / CURRENT):
        before = current(models)
        served = (before.version, *before.previous) if before else ()
        pointer = Pointer(version, manifest_sha256, tuple(name for name in served if name != version)[:20])
        point(models, pointer)
    return pointer


def rollback(models: Path) -> Pointer:
    """Let the version serve that served before this one, or the last before that is sound.

    Raises BadBundle where there is none.
    """
    with changing(models / CURRENT):
        now = current(models)
        for number, earlier in enumerate(now.previous if now else (), 1):
            try:
                load(models, earlier)
            except BadBundle as error:
                logger.warning("passed over: %s", error)
                continue
            pointer = Pointer(earlier, _sealed(models, earlier), now.previous[number:] if now else ())
            point(models, pointer)
            return pointer
    raise BadBundle("there is no earlier version to go back to")


def check(models: Path, version: str) -> str:
    """The hash of a sealed version's manifest, after checking every byte of it. Raises BadBundle."""
    manifest_sha256 = _sealed(models, version)
    verify(models / version, manifest_sha256)
    return manifest_sha256


def _sealed(models: Path, version: str) -> str:
    """The hash of a sealed version's manifest. Raises BadBundle."""
    mark = models / f"{version}{SEAL}"
    if not VERSION_NAME.fullmatch(version) or not mark.is_file():
        raise BadBundle(f"there is no version {version!r}; `perennial models list` shows them")
    return mark.read_text().strip()


def point(models: Path, pointer: Pointer) -> None:
    """Write the pointer; hold `changing(models / CURRENT)` from reading it."""
    write_whole(models / CURRENT, msgspec.json.encode(pointer))
