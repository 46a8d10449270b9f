"""Versions of the bundle: one folder each under `models/`, and the pointer `current`, moved atomically."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from features.store.files import changing, read_whole, write_whole
from recommender.model.bundle import Bundle, Manifest
from recommender.model.bundle_files import MANIFEST, BadBundle, read_bundle, verify

CURRENT = "current"
SEAL = ".sha256"
VERSION_NAME = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ(-\d+)?")


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
    return read_bundle(models / version, check(models, version))


def manifests(models: Path) -> Iterator[Manifest]:
    """All sealed versions, oldest first."""
    paths = [models / mark.name.removesuffix(SEAL) / MANIFEST for mark in models.glob(f"*{SEAL}")]
    readable = [msgspec.json.decode(path.read_bytes(), type=Manifest) for path in paths if path.is_file()]
    yield from sorted(readable, key=lambda each: (each.created_at, len(each.version), each.version))


def publish(models: Path, version: str) -> Pointer:
    """Let a sealed version serve, after checking it whole. Raises BadBundle; then nothing changes."""
    manifest_sha256 = check(models, version)
    with changing(models / CURRENT):
        before = current(models)
        served = (before.version, *before.previous) if before else ()
        pointer = Pointer(version, manifest_sha256, tuple(name for name in served if name != version)[:20])
        point(models, pointer)
    return pointer


def rollback(models: Path) -> Pointer:
    """Let the version serve that served before this one. Raises BadBundle where there is none."""
    with changing(models / CURRENT):
        now = current(models)
        if now is None or not now.previous:
            raise BadBundle("there is no earlier version to go back to")
        earlier, *others = now.previous
        pointer = Pointer(earlier, check(models, earlier), tuple(others))
        point(models, pointer)
    return pointer


def check(models: Path, version: str) -> str:
    """The hash of a sealed version's manifest, after checking the whole bundle. Raises BadBundle."""
    mark = models / f"{version}{SEAL}"
    if not VERSION_NAME.fullmatch(version) or not mark.is_file():
        raise BadBundle(f"there is no version {version!r}; `perennial models list` shows them")
    manifest_sha256 = mark.read_text().strip()
    verify(models / version, manifest_sha256)
    return manifest_sha256


def point(models: Path, pointer: Pointer) -> None:
    """Write the pointer; hold `changing(models / CURRENT)` from reading it."""
    write_whole(models / CURRENT, msgspec.json.encode(pointer))
