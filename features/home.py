"""The data folder of a shop: to back up the shop, copy the folder."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Home:
    """The folders of one shop's data; each is created on first access."""

    root: Path

    @property
    def redis(self) -> Path:
        """Socket, append-only file and log of the embedded server."""
        return self._folder("redis")

    @property
    def events(self) -> Path:
        """The history of events: parquet files, one folder per day of arrival."""
        return self._folder("events")

    @property
    def served(self) -> Path:
        """Recommendations served: parquet files, one folder per day."""
        return self._folder("served")

    @property
    def decisions(self) -> Path:
        """Offer decisions with their propensities: parquet files, one folder per day."""
        return self._folder("decisions")

    @property
    def catalog(self) -> Path:
        """`products.parquet`, and the aliases of product ids."""
        return self._folder("catalog")

    @property
    def models(self) -> Path:
        """One folder per model version, and `current`, which names the one that serves."""
        return self._folder("models")

    @property
    def reports(self) -> Path:
        """Reports, and the rejected lines of imports."""
        return self._folder("reports")

    @property
    def state(self) -> Path:
        """How each part of a running service is, see `features.store.parts`; `metrics/` of its processes."""
        return self._folder("state")

    @property
    def poison(self) -> Path:
        """What could not be read, each with the reason, see `features.history.poison`."""
        return self._folder("poison")

    def _folder(self, name: str) -> Path:
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder
