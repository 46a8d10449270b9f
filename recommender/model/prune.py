"""Old versions of the bundle are removed; never one that serves, may serve again, or that a plan names."""

import logging
import shutil
from collections.abc import Collection
from pathlib import Path

from recommender.model import versions

logger = logging.getLogger("perennial.models")


def prune(models: Path, kept: int, named: Collection[str] = ()) -> list[str]:
    """Remove all versions but the running one, those in `named` and `kept` others; returns the names.

    Of the others those that served last are kept, then the newest. Raises BadBundle where `current` is
    damaged: then nothing is removed.
    """
    pointer = versions.current(models)
    if pointer is None:
        return []
    sealed = [path.name.removesuffix(versions.SEAL) for path in models.glob(f"*{versions.SEAL}")]
    served = [name for name in pointer.previous if name in sealed]
    others = sorted(set(sealed) - {pointer.version, *served, *named}, reverse=True)
    old = [name for name in [*served, *others][kept:] if name not in named]
    for name in old:
        (models / f"{name}{versions.SEAL}").unlink(missing_ok=True)  # first: without it it is no version
        shutil.rmtree(models / name, ignore_errors=True)
    if old:
        logger.info("removed %d old models", len(old))
    return old


def remove_unsealed(models: Path, before: float) -> None:
    """Remove folders of trainings that were killed, unchanged since `before` (epoch s)."""
    for folder in models.iterdir():
        is_version = folder.is_dir() and versions.VERSION_NAME.fullmatch(folder.name)
        is_sealed = (models / f"{folder.name}{versions.SEAL}").exists()
        if is_version and not is_sealed and folder.stat().st_mtime < before:
            shutil.rmtree(folder, ignore_errors=True)
