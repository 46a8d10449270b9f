"""One id per product, whichever of its names a file uses."""

from pathlib import Path

from catalogues import products, take

from features.catalogue.products import load_aliases
from features.history.events_parquet import scan
from features.home import Home
from features.importers.orders import import_orders
from features.importers.summary import OrdersSummary

from factories import NOW

CATALOGUE = (
    "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Barcode,Variant Inventory Qty,"
    "Variant Price\n"
    "tee,Tee,Size,S,TEE-S,4006,4,20\ntee,,Size,M,,4007,4,20\nmug,Mug,Title,Default Title,MUG,,4,9\n"
)
HEADER = "order_id,email,order date,sku,product id,ean,product name,variant,quantity,unit price,currency\n"


def orders(home: Home, *cells: str) -> OrdersSummary:
    """Orders of one line each: sku, product id, ean, name, variant."""
    path = home.root.parent / "orders.csv"
    lines = [
        f"{number},c{number}@s.example,2026-01-0{number},{line},1,20,EUR"
        for number, line in enumerate(cells, 1)
    ]
    path.write_text(HEADER + "\n".join(lines) + "\n")
    return import_orders(home, path, received_at=NOW)


def bought(home: Home) -> list[str]:
    """Products of the history, in order."""
    return scan(home).sort("timestamp").collect()["product_id"].to_list()


def test_orders_name_products_of_the_catalogue_by_any_of_their_names(home: Home) -> None:
    take(home, CATALOGUE)
    summary = orders(home, "tee-s,,,Tee,S", ",,4006,Tee,", ",,,Tee,M", ",,4007,,", ",mug,,,")
    assert bought(home) == ["TEE-S", "TEE-S", "tee - M", "tee - M", "MUG"]
    assert (summary.match_rate, summary.new_products) == (1.0, 0)


def test_a_catalogue_names_products_of_the_orders_by_any_of_their_names(home: Home) -> None:
    orders(home, ",,,Tee,S", ",,4007,,", "mug,,,Mug,")
    summary = take(home, CATALOGUE)
    assert products(home, "group_id") == {"Tee - S": "tee", "4007": "tee", "mug": "mug"}
    assert summary.match_rate == 1.0
    assert dict(load_aliases(home).iter_rows())["TEE-S"] == "Tee - S"


def test_other_columns_of_an_order_file_become_names(home: Home, tmp_path: Path) -> None:
    orders(home, "A-1,77,4011,Cup,", "A-2,77,4012,Bowl,", "A-3,78,,Pot,")
    names = {"4011": "A-1", "4012": "A-2", "78": "A-3"}  # 77 is of two products
    assert dict(load_aliases(home).iter_rows()) == names
    orders(home, ",78,,Pot,")
    assert "78" not in bought(home)
