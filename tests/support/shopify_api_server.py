"""A small server in the place of Shopify's Admin GraphQL API: it pages, throttles, fails and hangs up."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]
TOKEN = "shpat_history"  # noqa: S105


class ShopifyServer(ThreadingHTTPServer):
    """orders: GraphQL nodes. faults: one a request: a status, "throttled", "cut" or "costly"; then none.
    asked: variables of the requests that were answered."""

    def __init__(self, orders: list[Json]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.orders = orders
        self.faults: list[int | str] = []
        self.asked: list[Json] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/graphql.json"


class _Handler(BaseHTTPRequestHandler):
    server: ShopifyServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["X-Shopify-Access-Token"] != TOKEN:
            self._answer(401, {"errors": "[API] Invalid API key or access token"})
            return
        fault = self.server.faults.pop(0) if self.server.faults else None
        if isinstance(fault, int):
            self._answer(fault, {"errors": "no"}, **{"Retry-After": "2.0"})
        elif fault == "cut":
            self.close_connection = True
        elif fault is not None:
            code = "THROTTLED" if fault == "throttled" else "MAX_COST_EXCEEDED"
            status = {"maximumAvailable": 2000.0, "currentlyAvailable": 100, "restoreRate": 100.0}
            cost = {"requestedQueryCost": 600, "actualQueryCost": None, "throttleStatus": status}
            errors = [{"message": code.title(), "extensions": {"code": code}}]
            self._answer(200, {"errors": errors, "extensions": {"cost": cost}})
        else:
            self.server.asked.append(body["variables"])
            self._answer(200, {"data": self._data(body["query"], body["variables"])})

    def _data(self, query: str, variables: Json) -> Json:
        if "orders(" in query:
            nodes, info = _page(self.server.orders, variables["first"], variables["after"])
            return {"orders": {"nodes": [_with_lines(each, variables) for each in nodes], "pageInfo": info}}
        (order,) = [each for each in self.server.orders if each["id"] == variables["id"]]
        return {"order": {"lineItems": _lines(order, variables["lines"], variables["after"])}}

    def _answer(self, status: int, body: Json, **headers: str) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Silence."""


def _with_lines(order: Json, variables: Json) -> Json:
    return order | {"lineItems": _lines(order, variables["lines"], None)}


def _lines(order: Json, first: int, after: str | None) -> Json:
    nodes, info = _page(order["lineItems"], first, after)
    return {"nodes": nodes, "pageInfo": info}


def _page(items: list[Json], first: int, after: str | None) -> tuple[list[Json], Json]:
    start = int(after or 0)
    end = min(start + first, len(items))
    return items[start:end], {"hasNextPage": end < len(items), "endCursor": str(end)}


@contextmanager
def shopify_server(orders: list[Json]) -> Iterator[ShopifyServer]:
    server = ShopifyServer(orders)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def node(order: Json) -> Json:
    """An order of a webhook as the GraphQL API has it."""
    back = [money for each in order["refunds"] for money in each["transactions"]]
    postage = [each for back in order["refunds"] for each in back["order_adjustments"]]
    code = next((each["code"] for each in order["discount_codes"]), None)
    return {
        "id": f"gid://shopify/Order/{order['id']}",
        "legacyResourceId": str(order["id"]),
        "name": order["name"],
        "email": order["email"],
        "phone": None,
        "createdAt": order["created_at"],
        "cancelledAt": order["cancelled_at"],
        "displayFinancialStatus": order["financial_status"].upper(),
        "currencyCode": order["currency"],
        "taxesIncluded": order["taxes_included"],
        "test": order["test"],
        "discountCode": code,
        "subtotalPriceSet": _money(order["subtotal_price"]),
        "totalShippingPriceSet": _money(order["shipping_lines"][0]["price"]),
        "totalTaxSet": _money(order["total_tax"]),
        "totalPriceSet": _money(order["total_price"]),
        "totalDiscountsSet": _money(order["total_discounts"]),
        "totalRefundedSet": _money(sum(float(each["amount"]) for each in back)),
        "totalRefundedShippingSet": _money(sum(-float(each["amount"]) for each in postage)),
        "customer": {"legacyResourceId": str(order["customer"]["id"])},
        "shippingAddress": {"countryCodeV2": order["shipping_address"]["country_code"]},
        "lineItems": [
            {
                "name": each["name"],
                "sku": each["sku"] or None,
                "quantity": each["quantity"],
                "isGiftCard": each["gift_card"],
                "originalUnitPriceSet": _money(each["price"]),
            }
            for each in order["line_items"]
        ],
    }


def _money(amount: Any) -> Json:
    return {"shopMoney": {"amount": str(amount)}}
