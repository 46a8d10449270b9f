"""Shopify's products export, old and new headers."""

import msgspec
import pytest
from catalogues import product, products, take

from features.catalogue.products import load_aliases
from features.home import Home

OLD = (
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,"
    "Option1 Value,Option2 Name,"
    "Option2 Value,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,"
    "Variant Price,Variant Compare At Price,Variant Barcode,Image Src,Gift Card,Variant Image,"
    "Cost per item,Status\n"
)
NEW = (
    "URL handle,Title,Description,Vendor,Product category,Type,Tags,Published on online store,Option1 name,"
    "Option1 value,Option2 name,Option2 value,SKU,Inventory tracker,Inventory quantity,"
    "Continue selling when out of stock,Price,Compare-at price,Barcode,Product image URL,Gift card,"
    "Variant image URL,Cost per item,Status\n"
)
ROWS = (
    "tee,Tee,<p>Soft</p>,Fern,Apparel > Tops,Shirts,,TRUE,Color,Red,Size,S,T-R-S,shopify,0,deny,20.00,,401,"
    "https://cdn/1.jpg,FALSE,,8.00,active\n"
    "tee,,,,,,,,,Red,,M,T-R-M,shopify,0,continue,20.00,,402,,,https://cdn/m.jpg,8.00,\n"
    "tee,,,,,,,,,Blue,,M,,shopify,3,deny,22.00,,403,,,,8.00,\n"
    "tee,,,,,,,,,,,,,,,,,,,https://cdn/2.jpg,,,,\n"
    "mug,Mug,,Fern,,Mugs,,TRUE,Title,Default Title,,,MUG,,,deny,9.00,,,,FALSE,,,active\n"
    "old,Old cap,,Fern,,Caps,,FALSE,Title,Default Title,,,CAP,shopify,5,deny,9.00,,,,FALSE,,,active\n"
    "draft,Draft,,Fern,,Caps,,TRUE,Title,Default Title,,,DRAFT,shopify,5,deny,9.00,,,,FALSE,,,draft\n"
    "card,Thank you,,Fern,,,,TRUE,Value,25,,,CARD-25,shopify,0,continue,25.00,,,,TRUE,,,active\n"
)


@pytest.mark.parametrize("header", [OLD, NEW])
def test_variants_stock_and_what_is_published(home: Home, header: str) -> None:
    summary = take(home, header + ROWS)
    assert (summary.format, summary.taken, summary.rows, summary.unpublished) == ("shopify", 7, 8, 2)
    assert products(home, "group_id") == {
        **dict.fromkeys(("T-R-S", "T-R-M", "tee - Blue / M"), "tee"),
        **{"MUG": "mug", "CAP": "old", "DRAFT": "draft", "CARD-25": "card"},
    }
    assert products(home, "available", "stock")["T-R-S"] == [False, 0]
    assert products(home, "available", "stock")["T-R-M"] == [True, None]  # it is sold at stock 0, too
    assert products(home, "available")["MUG"] in (None, True)  # its stock is not counted
    retired = {name for name, is_retired in products(home, "retired").items() if is_retired}
    assert retired == {"CAP", "DRAFT"}
    assert [name for name, is_one in products(home, "is_product").items() if not is_one] == ["CARD-25"]
    small = product(home, "T-R-S")
    assert (small["title"], small["category"], small["brand"], small["cost"]) == (
        "Tee, Red / S",
        "Shirts",
        "Fern",
        8,
    )
    assert (small["url"], small["image_url"], small["description"]) == (
        "/products/tee",
        "https://cdn/1.jpg",
        "Soft",
    )
    assert product(home, "T-R-M")["image_url"] == "https://cdn/m.jpg"


def test_every_other_name_is_an_alias(home: Home) -> None:
    take(home, OLD + ROWS)
    aliases = dict(load_aliases(home).iter_rows())
    assert aliases["401"] == aliases["Tee - Red / S"] == "T-R-S"
    assert aliases["403"] == aliases["Tee - Blue / M"] == "tee - Blue / M"
    assert aliases["mug"] == aliases["Mug"] == "MUG"
    assert "tee" not in aliases  # of three variants


def test_options_are_attributes_of_each_variant(home: Home) -> None:
    take(home, OLD + ROWS)
    kept = {name: msgspec.json.decode(text) for name, text in products(home, "attributes").items() if text}
    assert kept["T-R-M"] == {"color": "Red", "size": "M"}
    assert kept["tee - Blue / M"] == {"color": "Blue", "size": "M"}
    assert "MUG" not in kept
