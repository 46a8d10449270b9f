"""Public lists of products of Shopify and WooCommerce, page by page over HTTP: whole, or not at all."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import redis

from features.catalogue.products import load_aliases, load_products
from features.home import Home
from features.importers import list_pages
from features.importers.catalogue import import_catalogue
from features.importers.catalogue_by_url import refresh_catalogue
from features.importers.refusal import ImportRefused
from features.public_fetch import NotFetched

from factories import NOW

SHOPIFY, WOO = "/products.json", "/wp-json/wc/store/v1/products"


class Shop(ThreadingHTTPServer):
    """pages: what it answers by the number of the page, of products and of variations; a number: its status;
    beyond: what it answers behind the last page."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages: dict[str, list[Any]] = {"": [], "variation": []}
        self.beyond: Any = None
        self.asked: list[str] = []

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"

    def answer(self, target: str) -> Any:
        query = parse_qs(urlsplit(target).query)
        pages = self.pages[query.get("type", [""])[0]]
        number = int(query["page"][0]) - 1
        return pages[number] if number < len(pages) else self.beyond


class _Handler(BaseHTTPRequestHandler):
    server: Shop

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        answer = self.server.answer(self.path)
        self.send_response(answer if isinstance(answer, int) else 200)
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def shop() -> Iterator[Shop]:
    with Shop() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def known(home: Home) -> dict[str, dict[str, Any]]:
    return {row["product_id"]: row for row in load_products(home).rows(named=True)}


def shopify(number: int, *variants: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": number,
        "title": f"Shirt {number}",
        "handle": f"shirt-{number}",
        "body_html": "<p>Soft &amp; warm</p>",
        "vendor": "Acme",
        "product_type": "Shirts",
        "created_at": "2024-01-15T09:00:00-05:00",
        "tags": ["a", "b"],
        "variants": [
            {"price": "19.90", "available": True, "option1": "Default Title"} | each for each in variants
        ],
        "images": [{"id": 5, "src": f"https://cdn.example/{number}.jpg"}],
        "options": [{"name": "Colour", "position": 1}],
    }


RED = {"id": 11, "sku": "S-RED", "option1": "Red"}
BLUE = {"id": 12, "sku": None, "option1": "Blue", "available": False, "price": "21.00"}


def test_shopifys_list_is_read_as_its_export_is(home: Home, shop: Shop) -> None:
    shop.pages[""] = [
        {"products": [shopify(1, RED, BLUE)]},
        {"products": [shopify(2, {"id": 21, "sku": "S2"})]},
    ]
    shop.beyond = {"products": []}
    summary = import_catalogue(home, shop.url(SHOPIFY), own_network=True, now=NOW)
    products = known(home)
    assert (summary.format, set(products)) == ("shopify", {"S-RED", "shirt-1 - Blue", "S2"})
    red, blue = products["S-RED"], products["shirt-1 - Blue"]
    assert (red["title"], red["price"], red["available"]) == ("Shirt 1, Red", 19.9, True)
    assert (blue["price"], blue["available"], blue["brand"]) == (21.0, False, "Acme")
    assert (red["url"], red["image_url"]) == ("/products/shirt-1", "https://cdn.example/1.jpg")
    assert json.loads(red["attributes"]) == {"colour": "Red"}
    assert dict(load_aliases(home).select("alias", "product_id").rows())["21"] == "S2"
    assert shop.asked == [f"{SHOPIFY}?limit=250&page={number}" for number in (1, 2, 3)]


def woo(number: int, **fields: Any) -> dict[str, Any]:
    prices = {"currency_code": "EUR", "currency_minor_unit": 2, "price": "1999"}
    return {
        "id": number,
        "name": f"Mug {number} &#8211; large",
        "type": "simple",
        "parent": 0,
        "sku": "",
        "variation": "",
        "permalink": f"https://shop.example/product/{number}/",
        "short_description": "<p>Nice</p>",
        "prices": prices | {"regular_price": "2499", "sale_price": "1999"},
        "is_in_stock": True,
        "images": [{"id": 1, "src": "https://shop.example/mug.jpg"}],
        "categories": [{"id": 1, "name": "Cups, mugs"}],
    } | fields


def test_woocommerces_list_brings_variations_below_their_products(home: Home, shop: Shop) -> None:
    yen = {"currency_code": "JPY", "currency_minor_unit": 0, "regular_price": "1500", "sale_price": "1500"}
    shop.pages = {
        "": [[woo(1, sku="M-1"), woo(2, type="variable")], [woo(3, prices=yen)]],
        "variation": [
            [
                woo(21, type="variation", parent=2, variation="Colour: Red", is_in_stock=False),
                woo(91, type="variation", parent=90, variation="Colour: Red"),  # of one that is hidden
            ]
        ],
    }
    shop.beyond = []
    summary = import_catalogue(home, shop.url(WOO), own_network=True, now=NOW)
    products = known(home)
    assert (summary.format, set(products)) == ("woocommerce", {"M-1", "2", "3", "21"})
    mug, red = products["M-1"], products["21"]
    assert (mug["title"], mug["price"], mug["currency"]) == ("Mug 1 – large", 19.99, "EUR")
    assert (mug["url"], mug["category"]) == ("https://shop.example/product/1/", "Cups, mugs")
    assert (products["3"]["price"], products["3"]["currency"]) == (1500.0, "JPY")
    assert (red["title"], red["available"], red["group_id"]) == ("Mug 21 – large - Colour: Red", False, "2")


FULL = {"products": [shopify(1, RED)]}


@pytest.mark.parametrize(
    ("pages", "beyond", "words"),
    [
        ([FULL, 500], None, "could not be fetched"),
        ([FULL, b'{"products": [{"id": 2, "ti'], None, r"page=2 is no list of products"),
        ([b"<html>Enter the shop's password</html>"], None, "page=1 is no list"),
        ([], {"products": []}, "lists no products"),
    ],
    ids=["a page fails", "a page is cut", "a shop that is closed", "nothing"],
)
def test_half_a_list_is_never_taken(
    home: Home, shop: Shop, pages: list[Any], beyond: Any, words: str
) -> None:
    shop.pages[""], shop.beyond = pages, beyond
    with pytest.raises(ImportRefused, match=words):
        import_catalogue(home, shop.url(SHOPIFY), own_network=True, now=NOW)
    assert not home.root.exists()


def test_a_server_that_knows_no_pages_ends_with_the_first(home: Home, shop: Shop) -> None:
    shop.beyond = FULL
    assert (
        import_catalogue(home, shop.url(f"/collections/all{SHOPIFY}?x=1"), own_network=True, now=NOW).taken
        == 1
    )
    assert [parse_qs(urlsplit(each).query)["x"] for each in shop.asked] == [["1"], ["1"]]


def test_a_list_without_an_end_is_refused(home: Home, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_pages, "MOST_PAGES", 1)
    shop.beyond = FULL
    with pytest.raises(ImportRefused, match="more than 1 pages"):
        import_catalogue(home, shop.url(SHOPIFY), own_network=True, now=NOW)


def test_a_list_that_is_connected_is_taken_where_it_changed(
    home: Home, client: redis.Redis, shop: Shop
) -> None:
    settings = {"url": shop.url(SHOPIFY), "own_network": True}
    shop.pages[""], shop.beyond = (
        [FULL, {"products": [shopify(2, {"id": 21, "sku": "S2"})]}],
        {"products": []},
    )
    assert refresh_catalogue(client, home, settings, NOW) == "Products taken in: 2."
    assert refresh_catalogue(client, home, settings, NOW).startswith("It has not changed")
    shop.pages[""][1] = 500
    with pytest.raises((NotFetched, ImportRefused), match="answers 500"):
        refresh_catalogue(client, home, settings, NOW)
    assert known(home).keys() == {"S-RED", "S2"}


def test_a_list_in_ones_own_network_must_be_allowed(home: Home, client: redis.Redis, shop: Shop) -> None:
    with pytest.raises((NotFetched, ImportRefused)):
        refresh_catalogue(client, home, {"url": shop.url(SHOPIFY)}, NOW)
    assert shop.asked == []
