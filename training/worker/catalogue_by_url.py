"""The worker's part of a catalogue at an address: asked for when it is due."""

import threading
from contextlib import suppress
from datetime import UTC, datetime

import redis

from features.connections.settings_file import read_connections
from features.connections.whole import require_whole
from features.home import Home
from features.importers.catalogue_by_url import SERVICE, is_due, refresh_catalogue
from features.importers.refusal import ImportRefused
from features.public_fetch import NotFetched
from features.store.failover import reconnecting
from features.store.parts import Part

CHECK_S = 30.0


def keep_catalogue(client: redis.Redis, home: Home, stop: threading.Event) -> None:
    """Ask for it in time until `stop` is set, where the shop has connected one."""
    part = Part("catalogue", home)
    while not stop.wait(CHECK_S):
        with part.round(), reconnecting(client):
            settings, now = read_connections(home).get(SERVICE), datetime.now(UTC)
            if settings is not None and is_due(home, require_whole(SERVICE, settings), now):
                with suppress(NotFetched, ImportRefused):  # which `perennial connect` shows
                    refresh_catalogue(client, home, settings, now)
