"""The worker's part of `DELETE /v1/customers/{id}`: whatever was begun is finished, after a crash, too."""

import logging
import threading

import redis

from features.home import Home
from features.store import keys
from features.store.settings import StoreSettings
from features.store.tombstones import erasures_begun, share_tombstones
from training.privacy.erase import finish_erasures

logger = logging.getLogger("perennial.erasure")
POLL_S = 1.0


def run_erasures(client: redis.Redis, home: Home, settings: StoreSettings, stop: threading.Event) -> None:
    """Finish what was begun, all together, until `stop` is set. Errors are logged, and it is tried again."""
    while not stop.wait(POLL_S):
        try:
            if not client.exists(keys.erased()):  # a Redis that began anew
                share_tombstones(home, client)
            if begun := erasures_begun(client):
                finish_erasures(home, client, settings, begun)
        except Exception:
            logger.exception("An erasure is not finished; nothing of them is served, and it is tried again")
