"""A bundle on disk: .npy arrays, one FAISS index, a manifest. Checked whole before anything is parsed."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from features.store.files import sync, write_whole
from recommender.model.bundle import BUNDLE_SCHEMA, Bundle, Manifest, Tables, flatten, unflatten
from recommender.model.contents import problems

if TYPE_CHECKING:
    import faiss

MANIFEST_FILE = "manifest.json"
INDEX = "items.faiss"
PLAIN_NAME = re.compile(r"[a-z][a-z0-9_.]*\.(npy|faiss)")


class BadBundle(Exception):
    """A bundle that must not serve; the message says why."""


def write_bundle(folder: Path, manifest: Manifest, tables: Tables, index: faiss.Index) -> str:
    """Write a bundle into a new folder; returns the manifest's SHA-256, which a reader must know."""
    import faiss

    folder.mkdir(parents=True)
    for name, array in flatten(tables):
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    faiss.write_index(index, str(folder / INDEX))
    paths = sorted(folder.iterdir())
    for path in paths:
        sync(path)
    files = dict(zip((path.name for path in paths), _digests(paths), strict=True))
    complete = msgspec.structs.replace(manifest, files=files)
    write_whole(folder / MANIFEST_FILE, msgspec.json.format(msgspec.json.encode(complete), indent=2))
    return sha256(folder / MANIFEST_FILE)


def read_bundle(folder: Path, manifest_sha256: str) -> Bundle:
    """Verify every byte, map the arrays, and check shapes and values. Raises BadBundle."""
    import faiss  # imported late: the command line imports this module and must start fast

    manifest = verify(folder, manifest_sha256)
    arrays = {
        # A plain view: slicing numpy's memmap class costs several times as much.
        name.removesuffix(".npy"): np.load(f"{folder}/{name}", mmap_mode="r", allow_pickle=False).view(
            np.ndarray
        )
        for name in manifest.files
        if name.endswith(".npy")
    }
    try:
        tables = unflatten(Tables, arrays)
    except KeyError as missing:
        raise BadBundle(f"{folder.name} lacks the array {missing}; train again") from missing
    if found := [*islice(problems(Tables, arrays), 3)]:
        raise BadBundle(f"{folder.name} cannot serve: {'; '.join(found)}; train again")
    # Mapped as the arrays are: one copy for all processes.
    index = faiss.read_index(str(folder / INDEX), faiss.IO_FLAG_MMAP_IFC)
    products, dimensions = tables.factors.items.shape
    if index.d != dimensions or index.ntotal > products:  # of a large catalogue only the best sellers
        raise BadBundle(f"the index of {folder.name} is of other products than its tables; train again")
    return Bundle(manifest, tables, index)


def verify(folder: Path, manifest_sha256: str) -> Manifest:
    """Check that the folder holds exactly the files that were written. Raises BadBundle."""
    if folder.is_symlink() or not folder.is_dir():
        raise BadBundle(f"{folder.name} is not a folder")
    manifest_file = folder / MANIFEST_FILE
    if manifest_file.is_symlink() or not manifest_file.is_file():
        raise BadBundle(f"{folder.name} has no {MANIFEST_FILE}")
    if sha256(manifest_file) != manifest_sha256:
        raise BadBundle(f"the manifest of {folder.name} is not the one that was published")
    try:
        manifest = msgspec.json.decode(manifest_file.read_bytes(), type=Manifest)
    except msgspec.MsgspecError as error:
        raise BadBundle(f"the manifest of {folder.name} cannot be read: {error}") from error
    if manifest.schema != BUNDLE_SCHEMA:
        raise BadBundle(
            f"{folder.name} has schema {manifest.schema}, this version reads {BUNDLE_SCHEMA}; train again"
        )
    _verify_files(folder, manifest)
    return manifest


def _verify_files(folder: Path, manifest: Manifest) -> None:
    present = {path.name for path in folder.iterdir()} - {MANIFEST_FILE}
    if present != set(manifest.files):
        raise BadBundle(
            f"{folder.name} has other files than its manifest: {sorted(present ^ set(manifest.files))[:3]}"
        )
    paths = [folder / name for name in manifest.files]
    for path in paths:
        if not PLAIN_NAME.fullmatch(path.name) or path.is_symlink() or not path.is_file():
            raise BadBundle(f"{folder.name} names a file that is not a plain one: {path.name!r}")
    for (name, expected), actual in zip(manifest.files.items(), _digests(paths), strict=True):
        if actual != expected:
            raise BadBundle(f"{name} of {folder.name} is damaged")


def _digests(paths: Sequence[Path]) -> list[str]:
    """SHA-256 of each, on all cores: hashing lets other threads run."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(sha256, paths))


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
