"""A shop at WooCommerce: payloads by hand from its documentation, signed webhooks, export, REST interface."""

import csv
import json
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from features.connections.settings_file import save_connection
from features.connections.webhook import signed
from features.home import Home

SITE, SECRET, KEY = "https://www.teashop.example", "woo-secret", "ck_1:cs_2"
WEBHOOKS = "/v1/webhooks/woocommerce"
Json = dict[str, Any]
_deliveries = count(1)


def connect(home: Home) -> None:
    settings = {"site": SITE, "shop": "teashop.example", "secrets": [SECRET], "key": KEY}
    save_connection(home, "woocommerce", settings)


def send(http: httpx.Client, topic: str, payload: Any, **headers: str) -> httpx.Response:
    """Deliver a webhook as WooCommerce does."""
    body = json.dumps(payload).encode()
    sent = {
        "Content-Type": "application/json",
        "X-WC-Webhook-Source": f"{SITE}/",
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Signature": signed(body, SECRET),
        "X-WC-Webhook-ID": "5",
        "X-WC-Webhook-Delivery-ID": f"d-{next(_deliveries)}",
    }
    return http.post(WEBHOOKS, content=body, headers=sent | headers)


def line(number: int, sku: str, total: str, quantity: int = 1, before: str = "", **more: Any) -> Json:
    """A line of an order, without tax. before: what it cost before coupons."""
    return {
        "id": number,
        "name": more.pop("name", sku.title()),
        "product_id": 500 + number,
        "variation_id": 0,
        "quantity": quantity,
        "subtotal": before or total,
        "total": total,
        "sku": sku,
        **more,
    }


def order(number: int, lines: list[Json], tax: str = "0.00", **more: Any) -> Json:
    """An order with 4.90 of postage, its totals worked out as WooCommerce does."""
    goods = sum(float(each["total"]) for each in lines)
    off = sum(float(each["subtotal"]) for each in lines) - goods
    return {
        "id": number,
        "number": str(number),
        "status": "processing",
        "currency": "EUR",
        "date_created_gmt": "2026-11-20T08:00:00",
        "date_modified_gmt": "2026-11-20T08:00:01",
        "discount_total": f"{off:.2f}",
        "shipping_total": "4.90",
        "total_tax": tax,
        "total": f"{goods + 4.9 + float(tax):.2f}",
        "prices_include_tax": True,
        "customer_id": 7_000 + number,
        "billing": {"email": f"buyer{number}@example.com", "phone": "", "country": "DE"},
        "shipping": {"country": "DE"},
        "line_items": lines,
        "coupon_lines": [{"code": "hello", "discount": f"{off:.2f}"}] if off else [],
        "refunds": [],
        "meta_data": [],
        **more,
    }


def export(orders: list[Json]) -> str:
    """As the plug-in Advanced Order Export writes it."""
    text = StringIO()
    columns = [*_cells(orders[0], orders[0]["line_items"][0])]
    table = csv.DictWriter(text, columns)
    table.writeheader()
    table.writerows(_cells(each, item) for each in orders for item in each["line_items"])
    return text.getvalue()


def _cells(of: Json, item: Json) -> Json:
    return {
        "Order Number": of["number"],
        "Order Status": of["status"].title(),
        "Order Date": of["date_created_gmt"].replace("T", " "),
        "Customer User ID": of["customer_id"],
        "Email (Billing)": of["billing"]["email"],
        "SKU": item["sku"],
        "Product ID": item["product_id"],
        "Item Name": item["name"],
        "Quantity": item["quantity"],
        "Item Cost Before Discount": float(item["subtotal"]) / item["quantity"],
        "Cart Discount Amount": of["discount_total"],
        "Order Shipping Amount": of["shipping_total"],
        "Order Total Tax Amount": of["total_tax"],
        "Order Total Amount": of["total"],
        "Order Refund Amount": sum(-float(each["total"]) for each in of["refunds"]),
        "Currency": of["currency"],
    }


class WooServer(ThreadingHTTPServer):
    """The REST interface of a shop. faults: one a request: a status, or 0 to hang up; then none. then: what
    happens after each page."""

    def __init__(self, orders: list[Json]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.orders = orders
        self.faults: list[int] = []
        self.pages: list[int] = []
        self.then: Callable[[], Any] = lambda: None

    @property
    def site(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: WooServer

    def do_GET(self) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        fault = self.server.faults.pop(0) if self.server.faults else None
        if self.headers["Authorization"] != f"Basic {b64encode(KEY.encode()).decode()}":
            self._answer(401, {"code": "woocommerce_rest_cannot_view"})
        elif fault == 0:
            self.close_connection = True
        elif fault is not None:
            self._answer(fault, {}, {"Retry-After": "3"})
        else:
            page, size = int(asked["page"]), int(asked["per_page"])
            self.server.pages.append(page)
            found = sorted(self.server.orders, key=lambda each: int(each["id"]))
            pages = -(-len(found) // size)
            totals = {"X-WP-TotalPages": str(pages), "X-WP-Total": str(len(found))}
            self._answer(200, found[(page - 1) * size : page * size], totals)
            self.server.then()

    def _answer(self, status: int, body: Any, headers: Json | None = None) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@contextmanager
def woo_server(orders: list[Json]) -> Iterator[WooServer]:
    with WooServer(orders) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
