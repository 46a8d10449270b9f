"""A bundle that is damaged in any way is refused before anything is parsed.

Covers recommender/model/bundle.py, too.
"""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest

from recommender.model import versions
from recommender.model.bundle import flatten
from recommender.model.bundle_files import BadBundle, read_bundle, verify

from bundles import PRODUCTS, VERSION, small_tables, write_small
from scale import MUTANTS


@pytest.fixture
def models(tmp_path: Path) -> Path:
    write_small(tmp_path)
    return tmp_path


def test_what_was_written_is_read(models: Path) -> None:
    bundle = versions.load_current(models)
    assert bundle is not None
    written, read = dict(flatten(small_tables())), dict(flatten(bundle.tables))
    assert written.keys() == read.keys()
    for name, array in written.items():
        np.testing.assert_array_equal(array, read[name], err_msg=name)
    assert bundle.index.ntotal == len(PRODUCTS)
    assert bundle.tables.products.name(0) == PRODUCTS[0]


def test_nothing_in_a_bundle_is_pickled(models: Path) -> None:
    for path in (models / VERSION).glob("*.npy"):
        np.load(path, allow_pickle=False)
    assert {path.suffix for path in (models / VERSION).iterdir()} == {".npy", ".faiss", ".json"}


def flip_a_bit(folder: Path, rng: random.Random) -> None:
    path = rng.choice(sorted(folder.iterdir()))
    data = bytearray(path.read_bytes())
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def truncate(folder: Path, rng: random.Random) -> None:
    path = rng.choice(sorted(folder.iterdir()))
    path.write_bytes(path.read_bytes()[: -rng.randint(1, 40)])


def swap(folder: Path, rng: random.Random) -> None:
    one, other = rng.sample([path for path in sorted(folder.glob("*.npy")) if path.stat().st_size != 192], 2)
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first + b"\0" * (first == second))


def remove(folder: Path, rng: random.Random) -> None:
    rng.choice(sorted(folder.iterdir())).unlink()


def add(folder: Path, rng: random.Random) -> None:
    (folder / f"extra{rng.random()}.npy").write_bytes(b"x")


def link(folder: Path, rng: random.Random) -> None:
    path = rng.choice(sorted(folder.iterdir()))
    elsewhere = folder.parent / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


@pytest.mark.parametrize("damage", [flip_a_bit, truncate, swap, remove, add, link])
def test_damage_is_refused(models: Path, damage: Callable[[Path, random.Random], None]) -> None:
    pointer = versions.current(models)
    assert pointer is not None
    for seed in range(MUTANTS // 6 + 1):
        copy = models / "copy"
        shutil.copytree(models / VERSION, copy)
        damage(copy, random.Random(seed))
        with pytest.raises(BadBundle):
            read_bundle(copy, pointer.manifest_sha256)
        shutil.rmtree(copy)


@pytest.mark.parametrize("name", ["../../etc/passwd.npy", "/abs.npy", "a/b.npy", "x.pkl"])
def test_a_manifest_cannot_name_files_elsewhere(models: Path, name: str) -> None:
    path = models / VERSION / "manifest.json"
    manifest = msgspec.json.decode(path.read_bytes())
    manifest["files"][name] = "0" * 64
    path.write_bytes(msgspec.json.encode(manifest))
    from recommender.model.bundle_files import sha256

    with pytest.raises(BadBundle):
        verify(models / VERSION, sha256(path))
