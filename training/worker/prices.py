"""The worker's clock for sales and its eye on the rule of non-products: in answers within a minute."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime

import redis

from features.catalogue.live_changes import put_changes_sync
from features.catalogue.names import publish_names
from features.catalogue.non_product_rule import NonProductRule, read_rule
from features.catalogue.non_products import under_rule
from features.catalogue.products import load_products
from features.catalogue.sales import settle_sales
from features.home import Home
from features.store import keys
from features.store.failover import reconnecting
from features.store.parts import Part

PRICES_S = 60.0
FIRST_S = 1.0


def keep_prices(client: redis.Redis, home: Home, stop: threading.Event) -> None:
    """Do a round a minute until `stop` is set."""
    part, pause_s, rule = Part("prices", home, PRICES_S), FIRST_S, NonProductRule()
    while not stop.wait(pause_s):
        with part.round(), reconnecting(client):
            if not client.exists(keys.product_names()):  # a Redis that began anew
                publish_names(client, home)
            put_changes_sync(client, settle_sales(home, datetime.now(UTC)))
            before, rule = rule, read_rule(home)
            put_changes_sync(client, ruled(home, before, rule))
        pause_s = PRICES_S


def ruled(home: Home, before: NonProductRule, rule: NonProductRule) -> Mapping[str, Mapping[str, bool]]:
    """Product -> `is_product`, of those of which a new rule says something else than the one before."""
    if rule == before:
        return {}
    products = load_products(home, NonProductRule())
    was, now = (under_rule(each, products)["is_product"] for each in (before, rule))
    changed = products.select("product_id", is_product=now).filter(was != now)
    return {name: {"is_product": is_product} for name, is_product in changed.iter_rows()}
