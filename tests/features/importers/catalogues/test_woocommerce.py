"""WooCommerce's own product export."""

from datetime import timedelta

import pytest
from catalogues import product, products, take

from features.catalogue.products import load_aliases
from features.home import Home

from factories import NOW

ENGLISH = (
    'ID,Type,SKU,Name,Published,"Is featured?","Visibility in catalog","Short description",Description,'
    '"Date sale price starts","Date sale price ends","Tax status","In stock?",Stock,"Backorders allowed?",'
    '"Sale price","Regular price",Categories,Tags,Images,Parent\n'
)
GERMAN = (
    'ID,Typ,Artikelnummer,Name,Veröffentlicht,"Ist hervorgehoben?","Sichtbarkeit im Katalog",'
    "Kurzbeschreibung,"
    'Beschreibung,"Datum, an dem Angebotspreis beginnt","Datum, an dem Angebotspreis endet",Steuerstatus,'
    '"Vorrätig?",Lager,"Rückstände erlaubt?",Angebotspreis,"Regulärer Preis",Kategorien,Schlagwörter,Bilder,'
    '"Übergeordnetes Produkt"\n'
)
LAST_WEEK = f"{NOW - timedelta(days=7):%Y-%m-%d}"
ROWS = (
    '10,variable,shirt,Shirt,1,0,visible,Soft,,,,taxable,1,,0,,,"Clothing > Shirts, Sale",,https://s/1.jpg,\n'
    '11,variation,shirt-s,"Shirt - S",1,0,visible,,,,,taxable,1,2,0,,20,,,,shirt\n'
    '12,variation,,"Shirt - M",1,0,visible,,,,,taxable,0,0,0,,22,,,https://s/m.jpg,id:10\n'
    '20,simple,cup,Cup,1,0,visible,,<b>Blue</b>,,,taxable,1,,0,"8,50",10,Cups,,"https://s/2.jpg,'
    ' https://s/3.jpg",\n'
    f"21,simple,pot,Pot,1,0,visible,,,,{LAST_WEEK},taxable,1,0,1,15,30,Pots,,,\n"
    "22,simple,,Tin,1,0,visible,,,,,taxable,1,,0,,4,Tins,,,\n"
    "23,simple,hid,Hidden,1,0,hidden,,,,,taxable,1,,0,,4,Tins,,,\n"
    "24,simple,gone,Gone,-1,0,visible,,,,,taxable,1,,0,,4,Tins,,,\n"
)


@pytest.mark.parametrize("header", [ENGLISH, GERMAN])
def test_products_variations_and_prices(home: Home, header: str) -> None:
    summary = take(home, header + ROWS)
    assert (summary.format, summary.taken, summary.set_aside) == ("woocommerce", 8, {})
    prices = {"shirt": 20, "shirt-s": 20, "12": 22, "cup": 8.5, "pot": 30, "22": 4, "hid": 4, "gone": 4}
    assert products(home, "price") == prices
    groups = products(home, "group_id")
    assert {name for name, group in groups.items() if group == "shirt"} == {"shirt", "shirt-s", "12"}
    assert {name for name, gone in products(home, "retired").items() if gone} == {"hid", "gone"}
    small = product(home, "shirt-s")
    assert (small["category_path"], small["image_url"], small["stock"]) == (
        "Clothing > Shirts",
        "https://s/1.jpg",
        2,
    )
    assert (product(home, "12")["available"], product(home, "12")["image_url"]) == (False, "https://s/m.jpg")
    assert (product(home, "cup")["image_url"], product(home, "cup")["description"]) == (
        "https://s/2.jpg",
        "Blue",
    )
    assert (product(home, "pot")["available"], product(home, "pot")["stock"]) == (True, None)


def test_a_number_of_woocommerce_is_a_name_of_the_product(home: Home) -> None:
    take(home, ENGLISH + ROWS)
    aliases = dict(load_aliases(home).iter_rows())
    assert (aliases["11"], aliases["20"]) == ("shirt-s", "cup")
