"""connections.json of a home: secrets and options of each connected service; its owner alone can read it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from features.connections.arrivals import OncePerMinute
from features.home import Home
from features.store.files import Stamp, changing, read_whole, stamp_of, write_whole

Settings = Mapping[str, Any]
"""Options of one service by name, as JSON: addresses, secrets, switches."""


class _Form(msgspec.Struct):
    """What must be so in any service's settings: by these secrets strangers are told from the service."""

    secrets: list[Annotated[str, Meta(min_length=1)]] = []
    secret: Annotated[str, Meta(min_length=1)] | UnsetType = UNSET
    key: Annotated[str, Meta(min_length=1)] | UnsetType = UNSET


_decode = msgspec.json.Decoder(dict[str, Settings]).decode


class DamagedConnections(ValueError):
    """The file cannot be read; the message says what to do."""


def read_connections(home: Home) -> dict[str, Settings]:
    """Service -> its settings. Raises OSError, DamagedConnections."""
    path = _path(home)
    try:
        connections = _decode(read_whole(path) or b"{}")
        msgspec.convert(connections, dict[str, _Form])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DamagedConnections(
            f"{path} is damaged ({error}): restore it from a backup, or remove it and connect anew"
        ) from error
    return connections


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
