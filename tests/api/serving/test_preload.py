"""The model that is read while the rest of a process is still being imported."""

from pathlib import Path

import pytest

from api.serving.preload import preload
from recommender.model import versions
from recommender.model.bundle_files import BadBundle

from bundles import write_small

OLD, NEW = "2026-11-21T10-00-00Z", "2026-11-22T10-00-00Z"


def test_what_was_read_early_serves(tmp_path: Path) -> None:
    write_small(tmp_path, OLD)
    bundle = preload(tmp_path)(tmp_path)
    assert bundle is not None
    assert bundle.manifest.version == OLD


def test_a_model_published_meanwhile_is_read_instead(tmp_path: Path) -> None:
    write_small(tmp_path, OLD)
    load = preload(tmp_path)
    write_small(tmp_path, NEW)
    versions.publish(tmp_path, NEW)
    for _ in range(2):  # the first time, and any later one
        bundle = load(tmp_path)
        assert bundle is not None
        assert bundle.manifest.version == NEW


def test_before_the_first_model_there_is_none(tmp_path: Path) -> None:
    assert preload(tmp_path)(tmp_path) is None


def test_a_damaged_model_is_refused_when_it_is_asked_for(tmp_path: Path) -> None:
    write_small(tmp_path, OLD)
    (tmp_path / OLD / "factors.items.npy").write_bytes(b"damaged")
    load = preload(tmp_path)
    with pytest.raises(BadBundle, match="damaged"):
        load(tmp_path)
