"""The counts of all API processes of a service: each writes its own to a file, and reads those of the others.

Files are written by plain writes, never mapped: where the disk is full a write fails and is tried again.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import msgspec

from features.home import Home
from features.store.locks import held

METRICS_FOLDER = "PERENNIAL_METRICS_FOLDER"
ENDED = "ended"  # the file of the sums of processes that have ended

Series = dict[str, list[float]]
"""Labels, joined, -> numbers that are added up; of a gauge, when it was set (epoch s) and its value, of which
the newest counts."""
Counts = dict[str, Series]
"""A metric's name -> its series."""


GAUGE = "="  # begins the key of a gauge's labels


def joined(labels: Sequence[str], *, gauge: bool = False) -> str:
    """Labels as one key."""
    return GAUGE * gauge + "\0".join(labels)


def labels_of(key: str) -> list[str]:
    """The reverse of `joined`."""
    names = key.removeprefix(GAUGE)
    return names.split("\0") if names else []


def add_up(sums: Series, more: Series) -> None:
    """Add the numbers of one series to those of another, under each of its labels."""
    for labels, numbers in more.items():
        before = sums.get(labels)
        if before is None:
            sums[labels] = list(numbers)
        elif labels.startswith(GAUGE):
            sums[labels] = max(before, numbers)
        else:
            sums[labels] = [a + b for a, b in zip(before, numbers, strict=True)]


def newest_of(series: Series) -> Series:
    """The labels of a gauge that were set last."""
    return dict(sorted(series.items(), key=lambda each: each[1][0])[-1:])


class SharedMetrics:
    """The folder that the processes of a service share. None: this process serves alone."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._pid = str(os.getpid())
        if folder is not None:
            with suppress(OSError):
                _absorb_ended(folder, self._pid)

    @property
    def is_shared(self) -> bool:
        return self._folder is not None

    def write(self, own: Counts) -> None:
        """Let the others read these counts. Where they cannot be written, they are with the next ones.

        The file's time tells the supervisor that this process does not hang.
        """
        if self._folder is None:
            return
        try:
            _write(self._folder, self._pid, own)
        except OSError:
            with suppress(OSError):
                os.utime(self._folder / f"{self._pid}.json")

    def with_others(self, own: Counts) -> Counts:
        """These counts and those that the other processes wrote last, added up."""
        sums = {name: {labels: list(each) for labels, each in series.items()} for name, series in own.items()}
        for name, counts in _files(self._folder) if self._folder else ():
            if name != self._pid:
                _add(sums, counts)
        return sums


@lru_cache(1)
def shared() -> SharedMetrics:
    """Those of this process, by its environment."""
    folder = os.environ.get(METRICS_FOLDER)
    return SharedMetrics(Path(folder) if folder else None)


def fresh_folder(home: Home) -> Path:
    """The folder of a service that starts, without the counts of the one before."""
    folder = home.state / "metrics"
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    return folder


def _absorb_ended(folder: Path, own: str) -> None:
    """Add up the files of processes that have ended, so that restarts leave no more of them each time."""
    with held(folder / "lock"):
        files = dict(_files(folder))
        sums = files.get(ENDED, {})
        ended = [name for name in files if name != ENDED and (name == own or not _runs(int(name)))]
        for name in ended:
            _add(sums, files[name])
        if ended:
            _write(folder, ENDED, sums)
        for name in ended:
            (folder / f"{name}.json").unlink()


def _add(sums: Counts, more: Counts) -> None:
    for name, series in more.items():
        mine = sums.setdefault(name, {})
        if all(len(series[labels]) == len(mine[labels]) for labels in series.keys() & mine.keys()):
            add_up(mine, series)


def _files(folder: Path) -> Iterator[tuple[str, Counts]]:
    for path in sorted(folder.glob("*.json")):
        with suppress(OSError, msgspec.DecodeError):
            yield path.stem, msgspec.json.decode(path.read_bytes(), type=Counts)


def _write(folder: Path, name: str, counts: Counts) -> None:
    fresh = folder / f"{name}.{os.getpid()}.partial"
    fresh.write_bytes(msgspec.json.encode(counts))
    fresh.replace(folder / f"{name}.json")


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
