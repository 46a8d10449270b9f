"""Orders of before, from WooCommerce's REST interface into a file as Advanced Order Export writes it.

https://woocommerce.github.io/woocommerce-rest-api-docs/#list-all-orders, with a key that may read.
"""

import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request

from features.connections.export_file import ExportFile
from features.connections.patience import ServiceAway, Wait, ask_json
from features.connections.payloads import amount
from features.connections.webhook import Json
from features.connections.woocommerce_orders import order_number
from features.home import Home
from features.progress import Report, silent

PAGE = 50  # orders; shared hosts give longer ones too slowly
ANSWER_S = 60.0
MOST_BEGINNINGS = 5
REPEATED = (
    "WooCommerce gives a page of orders that came before: let no cache stand before its /wp-json/, and say "
    "the same again."
)
OF_LINE = {
    "SKU": "sku",
    "Variation ID": "variation_id",
    "Product ID": "product_id",
    "Item Name": "name",
    "Quantity": "quantity",
}
OF_ORDER = {
    "Order Status": "status",
    "Order Shipping Amount": "shipping_total",
    "Order Total Tax Amount": "total_tax",
    "Order Total Amount": "total",
    "Cart Discount Amount": "discount_total",
    "Currency": "currency",
}
OTHERS = (
    "Order Number",
    "Order Date",
    "Modification Date",
    "Customer User ID",
    "Email (Billing)",
    "Phone (Billing)",
)
SUMS = ("Order Refund Amount", "Country Code (Shipping)", "Coupon Code", "Item Cost Before Discount")
HEADER = (*OTHERS, *OF_ORDER, *SUMS, *OF_LINE)


class OrderPage(NamedTuple):
    """pages, total: how many pages and orders there are in all."""

    orders: list[Json]
    pages: int
    total: int


class WooApi:
    """The REST interface of one shop. site: `https://shop.example`; key: "ck_...:cs_..."."""

    def __init__(self, site: str, key: str, wait: Wait = time.sleep) -> None:
        self._orders = f"{site.rstrip('/')}/wp-json/wc/v3/orders"
        self._credentials, self._wait = f"Basic {b64encode(key.encode()).decode()}", wait

    def orders(self, page: int) -> OrderPage:
        """A page of orders, the oldest first. Raises ServiceAway."""
        asked = urlencode({"page": page, "per_page": PAGE, "orderby": "id", "order": "asc"})
        request = Request(f"{self._orders}?{asked}", headers={"Authorization": self._credentials})  # noqa: S310
        try:
            orders, headers = ask_json(request, "WooCommerce", ANSWER_S, self._wait)
        except HTTPError as error:
            with error:
                raise ServiceAway(_refusal(error.code)) from error
        pages, total = headers.get("X-WP-TotalPages") or page, headers.get("X-WP-Total") or 0
        return OrderPage(orders, int(pages), int(total))


def fetch_history(home: Home, api: WooApi, report: Report = silent) -> Path:
    """The file with all orders, complete; begun before, it goes on where it ended.

    Where orders were deleted meanwhile, those behind them have moved to pages that were read: it begins anew.
    Raises ServiceAway, OSError; what came so far stays.
    """
    file, beginnings = history_file(home), 1
    while not file.place.done:
        read, total, last = _place(file.place.cursor)
        page = api.orders(read + 1)
        if page.total < total and beginnings < MOST_BEGINNINGS:
            file.forget()
            file, beginnings = history_file(home), beginnings + 1
            continue
        ids = [int(order["id"]) for order in page.orders]
        if ids and min(ids) <= last:
            raise ServiceAway(REPEATED)
        rows = [row for order in page.orders for row in _rows(order)]
        place = f"{read + 1} {page.total} {max(ids, default=last)}"
        file.append(rows, len(page.orders), place, done=read + 1 >= page.pages)
        report("fetching orders", read + 1, page.pages)
    return file.path


def _place(cursor: str | None) -> tuple[int, int, int]:
    """Pages that are read, orders that there were in all, and the last one's id; 0 where it is not known."""
    read, total, last = [*map(int, (cursor or "0").split()), 0, 0][:3]
    return read, total, last


def history_file(home: Home) -> ExportFile:
    """Where the orders are gathered."""
    return ExportFile(home, "woocommerce", HEADER)


def _refusal(status: int) -> str:
    if status in {401, 403}:
        return "WooCommerce refuses the key: it needs the permission to read, and the address https."
    return f"WooCommerce answers with status {status}: is the shop's address right, and are permalinks on?"


def _rows(order: Json) -> Iterator[Json]:
    """A row a line, with the cells of its order."""
    billing, shipping = order.get("billing") or {}, order.get("shipping") or {}
    changed = order.get("date_modified_gmt") or order["date_created_gmt"]
    cells: Json = {header: order.get(name) for header, name in OF_ORDER.items()}
    cells |= {
        "Order Number": order_number(order),
        "Order Date": f"{str(order['date_created_gmt']).removesuffix('Z')}Z",
        "Modification Date": f"{str(changed).removesuffix('Z')}Z",
        "Customer User ID": order.get("customer_id") or "",
        "Email (Billing)": billing.get("email"),
        "Phone (Billing)": billing.get("phone"),
        "Country Code (Shipping)": shipping.get("country") or billing.get("country"),
        "Order Refund Amount": sum(abs(amount(each["total"])) for each in order.get("refunds") or ()),
        "Coupon Code": next((each["code"] for each in order.get("coupon_lines") or ()), ""),
    }
    for line in order["line_items"]:
        cost = (amount(line["subtotal"]) or amount(line["total"])) / (amount(line["quantity"]) or 1.0)
        named: dict[str, Any] = {header: line.get(name) or "" for header, name in OF_LINE.items()}
        yield cells | named | {"Item Cost Before Discount": round(cost, 6)}
