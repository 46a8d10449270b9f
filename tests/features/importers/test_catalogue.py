import gzip
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import polars as pl
import pytest

from features.catalogue.products import load_aliases, load_products
from features.home import Home
from features.importers.catalogue import import_catalogue
from features.importers.orders import import_orders
from features.importers.reasons import RejectReason
from features.importers.refusal import ImportRefused
from features.importers.summary import CatalogueSummary

from factories import NOW

COLUMNS = (
    "id,title,link,image_link,availability,price,sale_price,product_type,cost_of_goods_sold,quantity,mpn"
)
FEED = COLUMNS.replace(",", "\t") + "\n"
CUP = (
    "A1\tCup\thttps://shop.example/a1\t/a1.svg\tin stock\t1,200.50 GBP\t12.75 GBP\tHome>Cups\t6.00 GBP\t3\t\n"
)
XML = """<?xml version="1.0"?>
<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0"><channel><title>Shop</title>
<item><g:id>A1</g:id><title>Cup &amp; saucer</title><link>https://shop.example/a1</link>
<g:price>12.75 GBP</g:price>
<g:availability>out of stock</g:availability><g:product_type>Home &gt; Cups</g:product_type></item>
</channel></rss>"""


Take = Callable[..., CatalogueSummary]


@pytest.fixture
def take(home: Home, tmp_path: Path) -> Take:
    def run(content: bytes | str, name: str = "feed.tsv", **options: Any) -> CatalogueSummary:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return import_catalogue(home, str(path), now=NOW, **options)

    return run


def product(home: Home, product_id: str = "A1") -> dict[str, Any]:
    return load_products(home).row(by_predicate=pl.col("product_id") == product_id, named=True)


def test_a_merchant_feed(home: Home, take: Take) -> None:
    summary = take(FEED + CUP)
    cup = product(home)
    assert (cup["title"], cup["price"], cup["currency"], cup["cost"]) == ("Cup", 12.75, "GBP", 6)
    assert (cup["stock"], cup["available"], cup["is_product"]) == (3, True, True)
    assert (cup["category"], cup["category_path"]) == ("Home", "Home > Cups")
    assert (cup["url"], cup["image_url"]) == ("https://shop.example/a1", "/a1.svg")
    assert (summary.format, summary.taken, summary.new_products, summary.match_rate) == (
        "merchant",
        1,
        1,
        None,
    )
    assert dict(summary.lines())["Taken"] == "1 products, 1 of them new"


def test_a_category_large_enough_to_browse_is_kept(home: Home, take: Take) -> None:
    take(FEED + "".join(CUP.replace("A1", f"A{n}") for n in range(1, 4)))
    assert product(home)["category"] == "Cups"


def test_a_feed_in_xml(home: Home, take: Take) -> None:
    assert take(XML, "feed.xml").encoding == "XML"
    cup = product(home)
    assert (cup["title"], cup["price"], cup["available"]) == ("Cup & saucer", 12.75, False)


def test_xml_that_would_reach_out_or_blow_up_is_refused(take: Take) -> None:
    bomb = XML.replace("<rss", '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss', 1)
    with pytest.raises(ImportRefused, match="no well-formed XML feed"):
        take(bomb, "feed.xml")


def test_a_shopify_products_export(home: Home, take: Take) -> None:
    take(
        "Handle,Title,Body (HTML),Vendor,Type,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price,"
        "Image Src,Cost per item,Status\n"
        "cup,Cup,<p>Nice</p>,Acme,Cups,Red,C-R,0,9.50,https://cdn.example/c.jpg,4,active\n"
        "cup,,,,,Blue,C-B,5,9.50,,4,\n"
        "cup,,,,,,,,,https://cdn.example/d.jpg,,\n",
        "products.csv",
    )
    red, blue = product(home, "C-R"), product(home, "C-B")
    assert (red["title"], red["group_id"], red["brand"], red["available"]) == (
        "Cup, Red",
        "cup",
        "Acme",
        False,
    )
    assert (blue["title"], blue["brand"], blue["description"]) == ("Cup, Blue", "Acme", "Nice")
    assert blue["available"] is True


def test_a_plain_table(home: Home, take: Take) -> None:
    assert take("sku;name;price\nA1;Cup;2,55\n", "list.csv").format == "csv"
    assert product(home)["price"] == 2.55


def test_bad_rows_are_set_aside_and_script_links_left_out(home: Home, take: Take) -> None:
    rows = [CUP, CUP, CUP.replace("A1", ""), CUP.replace("A1", "A2").replace("6.00 GBP", "six")]
    summary = take(
        FEED + "".join(rows) + CUP.replace("A1", "A3").replace("https://shop.example", "javascript:alert(1)")
    )
    assert summary.set_aside == dict.fromkeys(
        [RejectReason.REPEATED_PRODUCT.value, RejectReason.NO_PRODUCT.value, RejectReason.BAD_PRICE.value], 1
    )
    assert summary.taken + sum(summary.set_aside.values()) == summary.rows == 5
    assert product(home, "A3")["url"] is None
    assert "1 links" in summary.warnings[0]


@pytest.mark.parametrize(
    "link", ["//elsewhere.example/", "/\\elsewhere.example/", "https:///elsewhere.example/"]
)
def test_links_that_lead_elsewhere_than_they_look_are_left_out(home: Home, take: Take, link: str) -> None:
    take(FEED + CUP.replace("https://shop.example/", link))
    assert product(home)["url"] is None


def test_vouchers_are_no_products(home: Home, take: Take) -> None:
    take(FEED + CUP.replace("Cup", "Gift card £10"))
    assert product(home)["is_product"] is False


def test_new_values_win_and_a_dry_run_writes_nothing(home: Home, take: Take) -> None:
    take(FEED + CUP, dry_run=True)
    assert not home.root.exists()
    take(FEED + CUP)
    take("id,title,availability\nA1,Mug,out of stock\n", "later.csv", format="csv")
    mug = product(home)
    assert (mug["title"], mug["price"], mug["available"]) == ("Mug", 12.75, False)


def test_ids_meet_those_of_the_orders(home: Home, take: Take, tmp_path: Path) -> None:
    orders = tmp_path / "orders.csv"
    orders.write_text(
        "event,customer_id,product_id,order_id,timestamp,title\n"
        "purchase,c,a1,o1,2026-01-01,cup from an order\npurchase,c,SKU-9,o1,2026-01-01,\n"
        "purchase,c,GONE,o2,2026-01-01,\n"
    )
    import_orders(home, orders, received_at=NOW)
    summary = take(FEED + CUP + CUP.replace("A1", "shopify_GB_77").replace("\t\n", "\tSKU-9\n"))
    assert set(load_products(home)["product_id"]) == {"a1", "SKU-9", "GONE"}
    assert dict(load_aliases(home).iter_rows()) == {"A1": "a1", "shopify_GB_77": "SKU-9"}
    assert product(home, "a1")["title"] == "Cup"
    assert summary.match_rate == pytest.approx(2 / 3)
    assert "Only 66.7%" in summary.warnings[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<!doctype html><html></html>", "web page"),
        ("name,colour\nCup,red\n", "needs the column id"),
        ("a,b,c\n1,2,3\n", "no known format"),
        ("id,title\n", "lists no products"),
    ],
)
def test_a_wrong_file_is_refused(home: Home, take: Take, content: bytes | str, message: str) -> None:
    with pytest.raises(ImportRefused, match=message):
        take(content)
    assert not home.root.exists()


def test_columns_that_are_given(home: Home, take: Take) -> None:
    table = "Nr;Was;Kostet\nA1;Cup;12,50\n"
    with pytest.raises(ImportRefused, match=r"no known format[^\0]*--map title=COLUMN"):
        take(table, "own.csv")
    summary = take(table, "own.csv", maps=["sku=nr", "title=Was", "price=Kostet"])
    assert (summary.format, summary.taken) == ("csv", 1)
    assert (product(home)["title"], product(home)["price"]) == ("Cup", 12.5)
    with pytest.raises(ImportRefused, match="no column 'Wer'"):
        take(table, "own.csv", maps=["sku=Wer"])
    with pytest.raises(ImportRefused, match="Our names: "):
        take(table, "own.csv", maps=["order_id=Nr"])


def test_a_column_that_is_given_replaces_the_one_of_a_known_feed(home: Home, take: Take) -> None:
    row = "A1\tCup\thttps://shop.example/a1\t\tin stock\t9 GBP\t\t\t\t\tM-1\n"
    assert take(FEED + row, maps=["title=mpn"]).format == "merchant"
    assert product(home)["title"] == "M-1"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    folder = tmp_path / "site"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_address_is_fetched(home: Home, site: tuple[Path, str]) -> None:
    folder, address = site
    (folder / "feed.tsv.gz").write_bytes(gzip.compress((FEED + CUP).encode()))
    steps = []
    url = f"{address}/feed.tsv.gz?x=1"
    import_catalogue(home, url, own_network=True, now=NOW, report=lambda *step: steps.append(step))
    assert product(home)["title"] == "Cup"
    assert steps[0][0] == "reading"


@pytest.mark.parametrize("address", ["/missing.tsv", None])
def test_an_address_that_fails_is_refused(home: Home, site: tuple[Path, str], address: str | None) -> None:
    url = site[1] + address if address else "http://127.0.0.1:1/feed.tsv"
    with pytest.raises(ImportRefused, match="could not be fetched"):
        import_catalogue(home, url, own_network=True, now=NOW)


def test_an_address_leads_into_the_own_network_only_where_that_is_said(
    home: Home, site: tuple[Path, str]
) -> None:
    (site[0] / "feed.tsv").write_text(FEED + CUP)
    with pytest.raises(ImportRefused, match="needs --own-network"):
        import_catalogue(home, f"{site[1]}/feed.tsv", now=NOW)
    assert not home.root.exists()


def test_other_schemes_are_refused(home: Home) -> None:
    with pytest.raises(ImportRefused, match="only files and http"):
        import_catalogue(home, "ftp://shop.example/feed", now=NOW)


def attributes(home: Home, product_id: str = "A1") -> Any:
    return msgspec.json.decode(product(home, product_id)["attributes"] or "null")


def test_columns_that_have_no_name_of_ours_are_kept_as_attributes(home: Home, take: Take) -> None:
    header = FEED.replace("mpn", "mpn\tg:Color\tItem weight\tcountries\tadditional_image_link\tnote")
    take(header + CUP.replace("\n", f"\tred | blue\t250 g\tDE, at\thttps://x/1.jpg\t{'x' * 201}\n"))
    assert attributes(home) == {"color": ["red", "blue"], "item_weight": "250 g", "countries": ["DE", "at"]}
    take(FEED + CUP)
    assert attributes(home)["item_weight"] == "250 g"  # a file that says nothing of it changes nothing


def test_attributes_whose_name_stands_in_a_column(home: Home, take: Take) -> None:
    head = (
        "ID,Type,SKU,Name,Published,Regular price,Attribute 1 name,Attribute 1 value(s),Attribute 1 global\n"
    )
    rows = '1,variable,A1,Tee,1,9,Colour,"Red, Blue",1\n2,simple,B2,Mug,1,8,Volume,300 ml,0\n'
    assert take(head + rows, "products.csv").format == "woocommerce"
    assert attributes(home) == {"colour": ["Red", "Blue"]}
    assert attributes(home, "B2") == {"volume": "300 ml"}
