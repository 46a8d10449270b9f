"""The worker's part of a customer's request, through a service, for all that is held about them: a file."""

import hashlib
import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import msgspec
import redis

from features.connections.arrivals import failed, note_sync
from features.home import Home
from features.store import keys
from features.store.files import write_whole
from features.store.settings import StoreSettings
from training.privacy.export import export_person

logger = logging.getLogger("perennial.exports")
POLL_S = 1.0
SERVICE = "shopify"


def run_exports(client: redis.Redis, home: Home, settings: StoreSettings, stop: threading.Event) -> None:
    """Write what was asked for until `stop` is set. Errors are logged, and it is tried again."""
    while not stop.wait(POLL_S):
        try:
            for path in write_exports(client, home, settings, datetime.now(UTC)):
                logger.info("an export was written", extra={"path": str(path)})
        except Exception:
            logger.exception("An export is not written; it is tried again")


def write_exports(client: redis.Redis, home: Home, settings: StoreSettings, now: datetime) -> Iterator[Path]:
    """Write the export of each customer who asked, and say so in `perennial connect`."""
    due = cast(dict[bytes, bytes], client.hgetall(keys.exports_due()))
    for name in due:
        customer = name.decode()
        held = export_person(home, client, settings, customer, now)
        digest = hashlib.sha256(name).hexdigest()[:12]
        path = home.root / "exports" / f"{now:%Y-%m-%d}-{digest}.json"
        write_whole(path, msgspec.json.encode(held), mode=0o600)
        word = f"a customer asks for what is held about them: send them {path} within 30 days, then delete it"
        note_sync(client, failed(SERVICE, word, now))
        client.hdel(keys.exports_due(), name)
        yield path
