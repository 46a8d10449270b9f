"""The worker's part of `DELETE /v1/customers/{id}`: whatever was begun is finished, after a crash, too."""

import logging
import threading

import redis

from features.home import Home
from features.privacy.live_state import finish_rewrite, is_rewrite_due
from features.store import keys
from features.store.settings import StoreSettings
from features.store.tombstones import erasures_begun, share_tombstones
from training.privacy.erase import finish_erasures

logger = logging.getLogger("perennial.erasure")
POLL_S, REWRITE_AGAIN_S = 1.0, 60.0


def run_erasures(client: redis.Redis, home: Home, settings: StoreSettings, stop: threading.Event) -> None:
    """Finish what was begun, all together, until `stop` is set. Errors are logged, and it is tried again."""
    while not stop.wait(POLL_S):
        try:
            if not client.exists(keys.erased()):  # a Redis that began anew
                share_tombstones(home, client)
            if begun := erasures_begun(client):
                finish_erasures(home, client, settings, begun)
            elif is_rewrite_due(home) and (problem := finish_rewrite(home, client)):
                logger.warning("Redis's log still names somebody who was erased", extra={"reason": problem})
                stop.wait(REWRITE_AGAIN_S)
        except Exception:
            logger.exception("An erasure is not finished; nothing of them is served, and it is tried again")
