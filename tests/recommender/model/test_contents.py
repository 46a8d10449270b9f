"""A bundle whose seal is right and whose arrays are not: none loads."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from small_customers import small_customer_table

from recommender.model import versions
from recommender.model.bundle import Tables, flatten
from recommender.model.bundle_files import BadBundle, sha256
from recommender.model.contents import MAY_BE_UNKNOWN, problems
from recommender.model.shapes import Arrays, shape_of

from bundles import VERSION, small_tables, write_small
from scale import MUTANTS

ARRAYS = dict(flatten(replace(small_tables(), people=small_customer_table())))
BOUND = [name for name in ARRAYS if "?" not in (shape_of(name) or "?").split()]
NUMBERS = [name for name, array in ARRAYS.items() if array.dtype.kind == "f" and array.size]
ROWS = [name for name in ARRAYS if name.endswith((".items", ".item")) and ARRAYS[name].dtype.kind == "i"]


def changed(name: str, array: np.typing.NDArray[np.generic]) -> dict[str, np.typing.NDArray[np.generic]]:
    return {**ARRAYS, name: array}


def nan(rng: random.Random) -> Arrays:
    name = rng.choice([name for name in NUMBERS if name not in MAY_BE_UNKNOWN])
    array = ARRAYS[name].copy()
    array.flat[rng.randrange(array.size)] = rng.choice([np.nan, np.inf, -np.inf])
    return changed(name, array)


def all_nan(rng: random.Random) -> Arrays:
    name = rng.choice([name for name in NUMBERS if name not in MAY_BE_UNKNOWN])
    return changed(name, np.full_like(ARRAYS[name], np.nan))


def empty(rng: random.Random) -> Arrays:
    name = rng.choice([name for name in BOUND if len(ARRAYS[name])])
    return changed(name, ARRAYS[name][:0])


def shorter(rng: random.Random) -> Arrays:
    name = rng.choice([name for name in BOUND if len(ARRAYS[name])])
    return changed(name, ARRAYS[name][:-1])


def longer(rng: random.Random) -> Arrays:
    name = rng.choice([name for name in BOUND if len(ARRAYS[name])])
    return changed(name, np.concatenate([ARRAYS[name], ARRAYS[name][:1]]))


def another_axis(rng: random.Random) -> Arrays:
    name = rng.choice(list(ARRAYS))
    return changed(name, ARRAYS[name][None])


def another_dtype(rng: random.Random) -> Arrays:
    name = rng.choice([name for name in ARRAYS if name not in {"cart_tuning", "blends"}])
    wrong = np.float16 if ARRAYS[name].dtype != np.float16 else np.int16
    return changed(name, np.zeros(ARRAYS[name].shape, wrong))


def a_row_that_is_not_there(rng: random.Random) -> Arrays:
    name = rng.choice([name for name in ROWS if ARRAYS[name].size])
    array = ARRAYS[name].copy()
    array.flat[rng.randrange(array.size)] = rng.choice([10**6, -2, len(ARRAYS["products.hashes"])])
    return changed(name, array)


def offsets_that_lead_outside(rng: random.Random) -> Arrays:
    name = rng.choice([name for name in ARRAYS if name.endswith("offsets")])
    array = ARRAYS[name].copy()
    array[rng.randrange(len(array))] += rng.choice([-(10**6), 10**6])
    return changed(name, array)


def a_full_id_map(rng: random.Random) -> Arrays:
    name = rng.choice([name for name in ARRAYS if name.endswith("slots")])
    return changed(name, np.zeros_like(ARRAYS[name]))  # a search in it would not end


KINDS = [
    nan,
    all_nan,
    empty,
    shorter,
    longer,
    another_axis,
    another_dtype,
    a_row_that_is_not_there,
    offsets_that_lead_outside,
    a_full_id_map,
]


def test_sound_arrays_have_no_problem_and_all_have_a_shape() -> None:
    assert [*problems(Tables, ARRAYS)] == []
    assert [name for name in ARRAYS if shape_of(name) is None] == []


@pytest.mark.parametrize("mutate", KINDS)
def test_no_mutant_is_sound(mutate: Callable[[random.Random], Arrays]) -> None:
    for seed in range(MUTANTS // len(KINDS)):
        mutant = mutate(random.Random(seed))
        name = next(name for name in mutant if mutant[name] is not ARRAYS[name])
        assert [*problems(Tables, mutant)], (seed, name)


@pytest.mark.parametrize("name", ["factors.items", "popular.items", "product.buyers"])
def test_a_sealed_bundle_of_bad_arrays_is_not_published(tmp_path: Path, name: str) -> None:
    write_small(tmp_path)
    newer = "2026-11-23T10-00-00Z"
    write_small(tmp_path / "aside", newer)
    (tmp_path / "aside" / newer).rename(tmp_path / newer)
    path = tmp_path / newer / f"{name}.npy"
    array = np.load(path)
    np.save(path, np.full_like(array, np.nan) if array.dtype.kind == "f" else array[:0])
    manifest_file = tmp_path / newer / "manifest.json"
    manifest = msgspec.json.decode(manifest_file.read_bytes())
    manifest["files"][path.name] = sha256(path)
    manifest_file.write_bytes(msgspec.json.encode(manifest))
    versions.seal(tmp_path, newer, sha256(manifest_file))
    with pytest.raises(BadBundle, match=f"cannot serve: .*({name}|popular|product)"):
        versions.publish(tmp_path, newer)
    pointer = versions.current(tmp_path)
    assert pointer
    assert pointer.version == VERSION
