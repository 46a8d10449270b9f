"""One identity per product, whatever it is called."""

import polars as pl
import redis
from histories import list_products

from features.catalogue.live_names import unknown_names
from features.catalogue.names import names_of, other_ids, publish_names
from features.catalogue.products import add_aliases
from features.home import Home
from features.store import keys

PRODUCTS = pl.DataFrame({"product_id": ["TEA033", "mug", "A", "a"]})
ALIASES = pl.DataFrame({"alias": ["4006", "Mug", "both", "BOTH"], "product_id": ["TEA033", "A", "A", "mug"]})


def test_a_name_stands_for_one_product_and_own_ids_come_first() -> None:
    assert dict(names_of(PRODUCTS, ALIASES).iter_rows()) == {
        "tea033": "TEA033",
        "mug": "mug",
        "4006": "TEA033",
    }


def test_ids_of_events_that_are_other_names() -> None:
    ids = pl.Series(["tea033", " TEA033 ", "TEA033", "4006", "a", "strange", None])
    others = dict(other_ids(ids, PRODUCTS, ALIASES).iter_rows())
    assert others == {"tea033": "TEA033", " TEA033 ": "TEA033", "4006": "TEA033"}


def test_a_name_that_became_known_is_unknown_no_longer(home: Home, client: redis.Redis) -> None:
    client.zadd(keys.unknown_products(), {"Tea-1": 3, "lost": 7, "4006": 1})
    assert unknown_names(client) == {"lost": 7, "Tea-1": 3, "4006": 1}
    list_products(home, {"tea-1": "Tea"})
    add_aliases(home, pl.DataFrame({"alias": ["4006"], "product_id": ["tea-1"]}))
    publish_names(client, home)
    assert unknown_names(client) == {"lost": 7}
