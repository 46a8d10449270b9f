"""The worker's clock for sales: what begins or ends is in the catalogue, and in answers, within a minute."""

import threading
from datetime import UTC, datetime

import redis

from features.catalogue.live_changes import put_changes_sync
from features.catalogue.live_names import publish_names
from features.catalogue.sales import settle_sales
from features.home import Home
from features.store import keys
from features.store.failover import reconnecting
from features.store.parts import Part

PRICES_S = 60.0
FIRST_S = 1.0


def keep_prices(client: redis.Redis, home: Home, stop: threading.Event) -> None:
    """Do a round a minute until `stop` is set."""
    part, pause_s = Part("prices", home), FIRST_S
    while not stop.wait(pause_s):
        with part.round(), reconnecting(client):
            if not client.exists(keys.product_names()):  # a Redis that began anew
                publish_names(client, home)
            put_changes_sync(client, settle_sales(home, datetime.now(UTC)))
        pause_s = PRICES_S
