"""The worker tells a running service of sales and of the rule of non-products."""

import threading

import polars as pl
import redis
from histories import list_products

from features.catalogue.live_changes import all_changes
from features.catalogue.non_product_rule import NonProductRule, write_rule
from features.catalogue.products import merge_products
from features.home import Home
from features.store import keys
from training.worker.prices import keep_prices, ruled

from factories import NOW
from waiting import eventually

TITLES = {"mug": "Mug", "SHIP-DE": "Lieferung"}


def test_a_sale_that_is_over_and_a_rule_are_told(home: Home, client: redis.Redis) -> None:
    list_products(home, TITLES)
    sale = {
        "regular_price": [20.0],
        "sale_price": [10.0],
        "price": [10.0],
        "sale_until": [NOW],
        "sale_from": [NOW],
    }
    merge_products(home, pl.DataFrame({"product_id": ["mug"], **sale}), NOW)
    write_rule(home, b'{"ids": ["ship-*"]}')
    stop = threading.Event()
    thread = threading.Thread(target=keep_prices, args=(client, home, stop))
    thread.start()
    try:
        eventually(lambda: len(all_changes(client)) == 2)
    finally:
        stop.set()
        thread.join()
    told = all_changes(client)
    assert (told["mug"]["price"], told["mug"]["sale_price"]) == (20, None)
    assert told["SHIP-DE"] == {"is_product": False}
    assert client.hget(keys.product_names(), "ship-de") == b"SHIP-DE"


def test_a_rule_that_is_taken_back_gives_products_back(home: Home) -> None:
    list_products(home, TITLES)
    rule = NonProductRule(ids=("ship-*",))
    assert ruled(home, NonProductRule(), rule) == {"SHIP-DE": {"is_product": False}}
    assert ruled(home, rule, NonProductRule()) == {"SHIP-DE": {"is_product": True}}
    assert ruled(home, rule, rule) == {}
