"""Publishing and going back."""

from pathlib import Path

import pytest

from recommender.model import versions
from recommender.model.bundle_files import BadBundle

from bundles import write_small

OLD, NEW = "2026-11-21T10-00-00Z", "2026-11-22T10-00-00Z"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    write_small(tmp_path, OLD)
    write_small(tmp_path, NEW)
    return tmp_path


def serving(models: Path) -> str:
    pointer = versions.current(models)
    assert pointer is not None
    return pointer.version


def test_before_the_first_model_there_is_none(tmp_path: Path) -> None:
    assert versions.current(tmp_path) is None
    assert versions.load_current(tmp_path) is None


def test_the_newest_published_serves_and_all_are_listed(models: Path) -> None:
    assert serving(models) == NEW
    assert [manifest.version for manifest in versions.manifests(models)] == [OLD, NEW]


def test_roll_back_and_forth(models: Path) -> None:
    versions.rollback(models)
    assert serving(models) == OLD
    with pytest.raises(BadBundle, match="no earlier version"):
        versions.rollback(models)
    versions.publish(models, NEW)
    assert serving(models) == NEW


def test_a_damaged_version_cannot_be_published(models: Path) -> None:
    (models / OLD / "titles.blob.npy").write_bytes(b"")
    with pytest.raises(BadBundle, match="damaged"):
        versions.publish(models, OLD)
    assert serving(models) == NEW


@pytest.mark.parametrize("name", ["no such", "../..", "2020-01-01T00-00-00Z", ""])
def test_only_sealed_versions_can_be_published(models: Path, name: str) -> None:
    with pytest.raises(BadBundle, match="no version"):
        versions.publish(models, name)


def test_a_damaged_pointer_is_told(models: Path) -> None:
    (models / versions.CURRENT).write_bytes(b'{"version": "../../x", "manifest_sha256": ""}')
    with pytest.raises(BadBundle, match="publish"):
        versions.current(models)
    (models / versions.CURRENT).write_bytes(b"{")
    with pytest.raises(BadBundle, match="damaged"):
        versions.current(models)
