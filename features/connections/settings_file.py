"""connections.json of a home: secrets and options of each connected service; its owner alone can read it."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from features.connections.arrivals import OncePerMinute
from features.home import Home
from features.store.files import Stamp, changing, read_whole, stamp_of, write_whole

RENEW = "If others use this machine, renew the secrets there and connect again."
Settings = Mapping[str, Any]
"""Options of one service by name, as JSON: addresses, secrets, switches."""


class _Form(msgspec.Struct):
    """What must be so in any service's settings: by these secrets strangers are told from the service."""

    secrets: list[Annotated[str, Meta(min_length=1)]] = []
    secret: Annotated[str, Meta(min_length=1)] | UnsetType = UNSET
    key: Annotated[str, Meta(min_length=1)] | UnsetType = UNSET


OTHERS = 0o077
logger = logging.getLogger(__name__)
_decode = msgspec.json.Decoder(dict[str, Settings]).decode


class DamagedConnections(ValueError):
    """The file cannot be read; the message says what to do."""


def read_connections(home: Home) -> dict[str, Settings]:
    """Service -> its settings. A file that others can read is shut. Raises OSError, DamagedConnections."""
    path = _path(home)
    if open_to_others(home):
        _shut(path)
    try:
        connections = _decode(read_whole(path) or b"{}")
        msgspec.convert(connections, dict[str, _Form])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DamagedConnections(
            f"{path} is damaged ({error}): restore it from a backup, or remove it and connect anew"
        ) from error
    return connections


def open_to_others(home: Home) -> bool:
    """Whether other accounts of this machine can read the secrets, by the file's own mode. Raises OSError."""
    try:
        return bool(_path(home).stat().st_mode & OTHERS)
    except FileNotFoundError:
        return False


def _shut(path: Path) -> None:
    """As the home itself is shut, where that is ours to do; said either way."""
    try:
        path.chmod(0o600)
        done = "it is shut now"
    except OSError as error:
        done = f"it cannot be shut ({error.strerror}): chmod 600 {path}"
    logger.warning("%s could be read by other accounts, with all secrets in it; %s. %s", path, done, RENEW)


def save_connection(home: Home, service: str, settings: Settings) -> None:
    """Connect a service, or change how. Raises OSError, DamagedConnections."""
    with changing(_path(home)):
        _write(home, read_connections(home) | {service: settings})


def remove_connection(home: Home, service: str) -> bool:
    """Forget a service; False where it is not connected. Raises OSError, DamagedConnections."""
    with changing(_path(home)):
        connections = read_connections(home)
        known = connections.pop(service, None) is not None
        if known:
            _write(home, connections)
    return known


class Connections:
    """The file as it is now, read again after each change: for long-running processes.

    refusals: what a process notes of those who are none of the services.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._stamp: Stamp | None = None
        self._read: dict[str, Settings] = {}
        self.refusals = OncePerMinute()

    def of(self, service: str) -> Settings | None:
        """The settings of a service; None where it is not connected. Raises OSError, DamagedConnections."""
        stamp = stamp_of(_path(self._home))
        if stamp != self._stamp:
            self._read = read_connections(self._home)
            self._stamp = stamp
        return self._read.get(service)


def _write(home: Home, connections: Mapping[str, Settings]) -> None:
    write_whole(_path(home), msgspec.json.format(msgspec.json.encode(connections), indent=1), mode=0o600)


def _path(home: Home) -> Path:
    return home.root / "connections.json"
