"""A start in less time: the model is read and checked while the web framework is still being imported."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from recommender.model import versions
from recommender.model.bundle import Bundle

LoadBundle = Callable[[Path], Bundle | None]


def preload(models: Path) -> LoadBundle:
    """`versions.load_current`, the first time of which begins now, in a thread of its own."""
    threads = ThreadPoolExecutor(1)
    begun = [threads.submit(versions.load_current, models)]
    threads.shutdown(wait=False)

    def load(models: Path) -> Bundle | None:
        if begun:
            bundle, now = begun.pop().result(), versions.current(models)
            if bundle and now and bundle.manifest.version == now.version:
                return bundle
        return versions.load_current(models)

    return load
