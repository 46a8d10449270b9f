"""Google Merchant and Meta feeds, and plain tables of products."""

from datetime import timedelta

import pytest
from catalogues import product, products, take

from features.catalogue.products import load_aliases
from features.home import Home

from factories import NOW

HEADER = (
    "id\ttitle\tdescription\tlink\timage_link\tavailability\tprice\tsale_price\tsale_price_effective_date\t"
    "product_type\tbrand\tgtin\tmpn\titem_group_id\n"
)
WINDOW = f"{NOW - timedelta(days=2):%Y-%m-%dT%H:%M%z}/{NOW + timedelta(days=2):%Y-%m-%dT%H:%M%z}"
OVER = f"{NOW - timedelta(days=9):%Y-%m-%dT%H:%M%z}/{NOW - timedelta(days=2):%Y-%m-%dT%H:%M%z}"


def row(product_id: str, **cells: str) -> str:
    usual = {
        "title": "Mug",
        "link": "https://shop.example/mug",
        "availability": "in_stock",
        "price": "20.00 EUR",
    } | cells
    names = HEADER.strip().split("\t")[1:]
    return "\t".join([product_id, *(usual.get(name, "") for name in names)]) + "\n"


@pytest.mark.parametrize(
    ("spelling", "available"),
    [
        *(
            (word, True)
            for word in ("in stock", "in_stock", "In Stock", "preorder", "backorder", "available")
        ),
        *((word, False) for word in ("out of stock", "out_of_stock", "OutOfStock", "discontinued")),
    ],
)
def test_spellings_of_availability(home: Home, spelling: str, available: bool) -> None:
    take(home, HEADER + row("A", availability=spelling), "feed.tsv")
    assert product(home, "A")["available"] is available


def test_a_sale_is_the_price_within_its_window_alone(home: Home) -> None:
    sale = {"sale_price": "10.00 EUR"}
    rows = row("on", sale_price_effective_date=WINDOW, **sale) + row("always", **sale)
    rows += row("over", sale_price_effective_date=OVER, **sale)
    later = f"{NOW + timedelta(days=2):%Y-%m-%d}/{NOW + timedelta(days=3):%Y-%m-%d}"
    rows += row("later", sale_price_effective_date=later, **sale)
    take(home, HEADER + rows, "feed.tsv")
    assert products(home, "price") == {"on": 10, "always": 10, "over": 20, "later": 20}
    assert products(home, "currency") == dict.fromkeys(("on", "always", "over", "later"), "EUR")


def test_texts_without_tags_and_escapes(home: Home) -> None:
    cells = {
        "title": "Salt &amp;amp; pepper",
        "description": "&lt;p&gt;Two <b>mills</b>&lt;/p&gt;<br/>5 &lt; 6",
        "brand": "Smith &amp; Co",
        "link": "https://shop.example/?a=1&amp;copy=2",
        "product_type": "Home &amp;gt; Kitchen > Mills",
    }
    take(home, HEADER + row("A", **cells), "feed.tsv")
    mills = product(home, "A")
    assert (mills["title"], mills["description"], mills["brand"]) == (
        "Salt & pepper",
        "Two mills 5 < 6",
        "Smith & Co",
    )
    assert mills["url"] == "https://shop.example/?a=1&copy=2"
    assert mills["category_path"] == "Home > Kitchen > Mills"


def test_xml_with_a_namespace(home: Home) -> None:
    item = (
        "<item><g:id>A</g:id><title><![CDATA[Mug &amp; lid]]></title><link>https://shop.example/a</link>"
        "<g:price>EUR 12,50</g:price><g:availability>in_stock</g:availability>"
        "<g:item_group_id>mugs</g:item_group_id><g:gtin>4006381333931</g:gtin></item>"
    )
    feed = f'<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>{item}</channel></rss>'
    take(home, feed, "feed.xml")
    mug = product(home, "A")
    assert (mug["title"], mug["price"], mug["currency"], mug["group_id"]) == (
        "Mug & lid",
        12.5,
        "EUR",
        "mugs",
    )
    assert dict(load_aliases(home).iter_rows()) == {"4006381333931": "A", "Mug & lid": "A"}


def test_a_feed_id_of_shopify_names_product_and_variant(home: Home) -> None:
    take(home, HEADER + row("shopify_DE_111_222", mpn="M-1"), "feed.tsv")
    names = dict.fromkeys(("111", "222", "M-1", "Mug"), "shopify_DE_111_222")
    assert dict(load_aliases(home).iter_rows()) == names


def test_a_table_with_german_headers(home: Home) -> None:
    table = "Artikelnummer;Bezeichnung;Preis;Bestand;Kategorie;EK;EAN\nT-1;Tee;12,50 €;0;Tee > Grün;4,20;40\n"
    assert take(home, table).format == "csv"
    tea = product(home, "T-1")
    assert (tea["title"], tea["price"], tea["currency"], tea["cost"]) == ("Tee", 12.5, "EUR", 4.2)
    assert (tea["stock"], tea["available"], tea["category_path"]) == (0, False, "Tee > Grün")
