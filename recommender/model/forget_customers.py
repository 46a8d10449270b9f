"""Taking customers' names out of bundles: their rows stay, as nobody's, until the next training."""

import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec
import numpy as np

from features.store.files import changing, read_whole, sync, write_whole
from recommender.arrays.id_map import NO_ROW, IdMap, PackedBytes
from recommender.model import versions
from recommender.model.bundle import Array, Bundle
from recommender.model.bundle_files import MANIFEST_FILE, BadBundle, read_bundle, sha256

PREFIX = "customers"  # of the arrays of `Tables.customers`
FRESH, STALE = ".fresh", ".stale"
KILLED_S = 86_400.0  # an unsealed folder is no longer being written after this


def versions_naming(models: Path, names: Collection[str]) -> Iterator[tuple[str, Bundle, list[int]]]:
    """Sealed versions that know some of these customers, with their rows. Damaged versions are left out."""
    for mark in sorted(models.glob(f"*{versions.SEAL}")):
        version = mark.name.removesuffix(versions.SEAL)
        try:
            bundle = read_bundle(models / version, mark.read_text().strip())
        except BadBundle:
            continue
        rows = [bundle.tables.customers.row(name) for name in names]
        if known := [row for row in rows if row != NO_ROW]:
            yield version, bundle, known


def forget_customers(models: Path, names: Collection[str]) -> list[str]:
    """Write each version that names one of these customers anew, without the name; returns these versions.

    The version that serves is published again, so that running services load it. If the process dies between
    two steps, the version is refused as damaged until this is called again.
    """
    _finish(models)
    rewritten = []
    for version, bundle, rows in versions_naming(models, names):
        _write_without(models, version, bundle.tables.customers, rows)
        _finish(models)
        rewritten.append(version)
    return rewritten


def remove_unreadable(models: Path, now: float) -> list[str]:
    """Remove what nobody can tell whom it names: versions that are damaged or of another schema, which cannot
    serve, and what trainings left that were killed a day ago. now: epoch s. Returns their names."""
    sealed = {mark.name.removesuffix(versions.SEAL) for mark in models.glob(f"*{versions.SEAL}")}
    folders = (path for path in models.iterdir() if versions.VERSION_NAME.fullmatch(path.name))
    killed = {path.name for path in folders if path.stat().st_mtime < now - KILLED_S}
    removed = []
    for version in sorted(sealed | killed):
        try:
            versions.check(models, version)
        except BadBundle:
            shutil.rmtree(models / version, ignore_errors=True)
            (models / f"{version}{versions.SEAL}").unlink(missing_ok=True)
            removed.append(version)
    return removed


def without_names(customers: IdMap, rows: Collection[int]) -> IdMap:
    """The same rows, of which these have an empty name, which no id is."""
    gone = set(rows)
    names = [b"" if row in gone else customers.names[row] for row in range(len(customers))]
    hashes = np.array(customers.hashes)
    hashes[sorted(gone)] = 0
    return IdMap(PackedBytes.pack(names), customers.slots, hashes)


def _write_without(models: Path, version: str, customers: IdMap, rows: Collection[int]) -> None:
    """A folder beside the version's: its files by hard links, but for the names."""
    old, fresh = models / version, models / f"{version}{FRESH}"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(old, fresh, copy_function=os.link, ignore=shutil.ignore_patterns(MANIFEST_FILE))
    bare = without_names(customers, rows)
    arrays: dict[str, Array] = {
        "names.blob": bare.names.blob,
        "names.offsets": bare.names.offsets,
        "hashes": bare.hashes,
    }
    digests = {}
    for name, array in arrays.items():
        path = fresh / f"{PREFIX}.{name}.npy"
        path.unlink()
        np.save(path, array, allow_pickle=False)
        sync(path)
        digests[path.name] = sha256(path)
    manifest = msgspec.json.decode((old / MANIFEST_FILE).read_bytes())
    manifest["files"] |= digests
    write_whole(fresh / MANIFEST_FILE, msgspec.json.format(msgspec.json.encode(manifest), indent=2))


def _finish(models: Path) -> None:
    """Put finished folders in the place of the old ones, seal and publish them."""
    with changing(models / versions.CURRENT):
        for fresh in sorted(models.glob(f"*{FRESH}")):
            if (fresh / MANIFEST_FILE).is_file():  # which is written last
                _exchange(models, fresh)
            else:
                shutil.rmtree(fresh)
        for stale in models.glob(f"*{STALE}"):
            shutil.rmtree(stale)
        _follow_seal(models)


def _exchange(models: Path, fresh: Path) -> None:
    """What is done already is done again: the folder goes last."""
    version = fresh.name.removesuffix(FRESH)
    old, stale = models / version, models / f"{version}{STALE}"
    versions.seal(models, version, sha256(fresh / MANIFEST_FILE))
    shutil.rmtree(stale, ignore_errors=True)
    if old.exists():
        old.rename(stale)
    fresh.rename(old)


def _follow_seal(models: Path) -> None:
    """Let the pointer name the manifest that its version has now."""
    pointer = versions.current(models)
    if pointer is None:
        return
    content = read_whole(models / f"{pointer.version}{versions.SEAL}")
    sealed = (content or b"").decode().strip()
    if sealed not in {pointer.manifest_sha256, ""}:
        versions.point(models, msgspec.structs.replace(pointer, manifest_sha256=sealed))
