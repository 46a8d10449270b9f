"""The one data folder of a shop: backing it up is copying it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Home:
    """Where everything of one shop lies. Folders are made when they are first asked for."""

    root: Path

    @property
    def redis(self) -> Path:
        """Socket, append-only file and log of the embedded server."""
        return self._folder("redis")

    @property
    def events(self) -> Path:
        """The history: parquet files, a folder a day of arrival."""
        return self._folder("events")

    @property
    def served(self) -> Path:
        """What was shown to whom: parquet files, a folder a day."""
        return self._folder("served")

    @property
    def decisions(self) -> Path:
        """Who was offered what, and how likely that was: parquet files, a folder a day."""
        return self._folder("decisions")

    @property
    def catalog(self) -> Path:
        """`products.parquet`, and the aliases of product ids."""
        return self._folder("catalog")

    @property
    def models(self) -> Path:
        """A folder a version, and `current`, which names the one that serves."""
        return self._folder("models")

    @property
    def reports(self) -> Path:
        """Rejects files and reports for people."""
        return self._folder("reports")

    def _folder(self, name: str) -> Path:
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder
