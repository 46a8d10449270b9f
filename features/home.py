"""The data folder of a shop: to back up the shop, copy the folder."""

import os
from dataclasses import dataclass
from pathlib import Path

PRIVATE, PRIVATE_UMASK = 0o700, 0o077  # for the account that runs the service alone


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
    def imports(self) -> Path:
        """A record of each import, and how the columns of its files are read."""
        return self._folder("imports")

    @property
    def uploads(self) -> Path:
        """A folder for each file that came by HTTP to be imported; kept for a day at most."""
        return self._folder("uploads")

    @property
    def state(self) -> Path:
        """How each part of a running service is, see `features.store.parts`; `metrics/` of its processes."""
        return self._folder("state")

    @property
    def exports(self) -> Path:
        """What is held about customers who asked for it through a service; to be sent to them and deleted."""
        return self._folder("exports")

    @property
    def poison(self) -> Path:
        """What could not be read, each with the reason, see `features.history.poison`."""
        return self._folder("poison")

    def _folder(self, name: str) -> Path:
        self.make_private()
        folder = self.root / name
        folder.mkdir(PRIVATE, exist_ok=True)
        return folder

    def make_private(self) -> None:
        """Make the home, and shut it to other accounts of this machine; what lies in it is shut with it.

        Raises OSError.
        """
        if not self.root.is_dir():
            self.root.parent.mkdir(parents=True, exist_ok=True)
            self.root.mkdir(PRIVATE, exist_ok=True)
        status = self.root.stat()
        if status.st_mode & 0o077 and status.st_uid == os.getuid():
            self.root.chmod(PRIVATE)
