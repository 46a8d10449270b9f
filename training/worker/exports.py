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

from features.home import Home
from features.store import keys
from features.store.files import write_whole
from features.store.settings import StoreSettings
from training.privacy.export import export_person

logger = logging.getLogger("perennial.exports")
POLL_S = 1.0


def run_exports(client: redis.Redis, home: Home, settings: StoreSettings, stop: threading.Event) -> None:
    """Write what was asked for until `stop` is set. Errors are logged, and it is tried again."""
    while not stop.wait(POLL_S):
        try:
            for path in write_exports(client, home, settings, datetime.now(UTC)):
                logger.info("an export was written", extra={"path": str(path)})
        except Exception:
            logger.exception("An export is not written; it is tried again")


def write_exports(client: redis.Redis, home: Home, settings: StoreSettings, now: datetime) -> Iterator[Path]:
    """Write the export of each customer who asked; `perennial connect` names those that lie there."""
    due = cast(dict[bytes, bytes], client.hgetall(keys.exports_due()))
    for name in due:
        customer = name.decode()
        held = export_person(home, client, settings, customer, now)
        digest = hashlib.sha256(name).hexdigest()[:12]
        path = home.exports / f"{now:%Y-%m-%d}-{digest}.json"
        write_whole(path, msgspec.json.encode(held), mode=0o600)
        client.hdel(keys.exports_due(), name)
        yield path
