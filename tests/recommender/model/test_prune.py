"""Which versions are kept."""

from pathlib import Path

import pytest

from recommender.model import versions
from recommender.model.bundle_files import BadBundle
from recommender.model.prune import prune, remove_unsealed

from bundles import write_small


def name(day: int) -> str:
    return f"2026-11-{day:02}T10-00-00Z"


def left(models: Path) -> set[str]:
    return {path.name for path in models.iterdir() if path.is_dir()}


@pytest.fixture
def models(tmp_path: Path) -> Path:
    for day in range(1, 9):
        write_small(tmp_path, name(day))
    return tmp_path


def test_the_running_one_those_before_it_and_named_ones_are_kept(models: Path) -> None:
    prune(models, 2, {name(1)})
    assert left(models) == {name(8), name(7), name(6), name(1)}
    assert prune(models, 2, {name(1)}) == []
    versions.rollback(models)
    assert versions.load_current(models)


def test_a_damaged_pointer_removes_nothing(models: Path) -> None:
    (models / versions.CURRENT).write_bytes(b"{")
    with pytest.raises(BadBundle):
        prune(models, 1)
    assert len(left(models)) == 8


def test_what_a_killed_training_left_goes(models: Path) -> None:
    (models / f"{name(8)}{versions.SEAL}").unlink()
    remove_unsealed(models, 0.0)
    assert name(8) in left(models)
    remove_unsealed(models, (models / name(8)).stat().st_mtime + 1)
    assert left(models) == {name(day) for day in range(1, 8)}
