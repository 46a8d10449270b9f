"""The shop's own rule of what is no product."""

from pathlib import Path

import polars as pl
import pytest
from histories import list_products

from features.catalogue.non_product_rule import RULE_FILE, BadRule, NonProductRule, read_rule, write_rule
from features.catalogue.non_products import under_rule
from features.catalogue.products import load_products, merge_live
from features.home import Home

from factories import NOW

TITLES = {
    "SHIP-DE": "Lieferung",
    "ship.1": "Ship in a bottle",
    "T": "Trinkgeld Küche",
    "GC": "Pfand Kiste (leer)",
}


def test_patterns_of_ids_and_titles_and_what_is_one_after_all() -> None:
    rule = NonProductRule(
        ids=("ship-*", "?.1"), titles=("trinkgeld *", "Pfand*"), products=("*kiste (leer)",)
    )
    rows = pl.DataFrame(
        {"product_id": list(TITLES), "title": list(TITLES.values()), "is_product": [True, True, True, False]}
    )
    assert under_rule(rule, rows)["is_product"].to_list() == [False, True, False, True]


def test_a_rule_holds_while_it_stands(home: Home) -> None:
    list_products(home, TITLES)
    write_rule(home, b'{"ids": ["SHIP-*"]}')
    merge_live(home, {"SHIP-DE": {"is_product": False, "stock": 1.0}}, NOW)  # as the service heard of it
    said = dict(load_products(home).select("product_id", "is_product").iter_rows())
    assert [name for name, is_one in said.items() if not is_one] == ["SHIP-DE"]
    (home.root / RULE_FILE).unlink()
    assert load_products(home)["is_product"].all()


def test_a_rule_that_cannot_be_read_says_where(home: Home, tmp_path: Path) -> None:
    home.make_private()
    (home.root / RULE_FILE).write_text('{"ids": "SHIP-*"}')
    with pytest.raises(BadRule, match=RULE_FILE):
        read_rule(home)
