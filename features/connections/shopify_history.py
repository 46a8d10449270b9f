"""Orders of before, from Shopify's Admin GraphQL API into a file as Shopify exports it, page by page.

https://shopify.dev/docs/api/admin-graphql/latest/queries/orders. Orders older than 60 days need the scope
read_all_orders. The file grows page by page and remembers its place: whatever ends in between goes on there.
"""

import csv
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec

from features.connections.shopify_api import Json, ShopifyApi, TooCostly
from features.home import Home
from features.progress import Report, silent
from features.store.files import make_folder, read_whole, write_whole

MOST_ORDERS, MOST_LINES = 20, 20  # of a page; longer orders are read to their end
MONEY = "{ shopMoney { amount } }"
INFO = "pageInfo { hasNextPage endCursor }"
LINES = f"nodes {{ name sku quantity isGiftCard originalUnitPriceSet {MONEY} }} {INFO}"
ORDERS = f"""query($first: Int!, $lines: Int!, $after: String) {{
  orders(first: $first, after: $after, sortKey: CREATED_AT) {{
    nodes {{
      id legacyResourceId name email phone createdAt cancelledAt displayFinancialStatus currencyCode
      taxesIncluded test discountCode
      subtotalPriceSet {MONEY} totalShippingPriceSet {MONEY} totalTaxSet {MONEY} totalPriceSet {MONEY}
      totalDiscountsSet {MONEY} totalRefundedSet {MONEY} totalRefundedShippingSet {MONEY}
      customer {{ legacyResourceId }} shippingAddress {{ countryCodeV2 }}
      lineItems(first: $lines) {{ {LINES} }}
    }}
    {INFO}
  }}
}}"""
MORE_LINES = f"""query($id: ID!, $lines: Int!, $after: String) {{
  order(id: $id) {{ lineItems(first: $lines, after: $after) {{ {LINES} }} }}
}}"""
OF_ORDER = {
    "Name": "name",
    "Id": "legacyResourceId",
    "Email": "email",
    "Phone": "phone",
    "Created at": "createdAt",
    "Cancelled at": "cancelledAt",
    "Financial Status": "displayFinancialStatus",
    "Currency": "currencyCode",
    "Discount Code": "discountCode",
}
SUMS = {
    "Subtotal": "subtotalPriceSet",
    "Shipping": "totalShippingPriceSet",
    "Taxes": "totalTaxSet",
    "Total": "totalPriceSet",
    "Discount Amount": "totalDiscountsSet",
}
OTHERS = ("Customer ID", "Taxes Included", "Shipping Country", "Refunded Amount")
OF_LINE = ("Lineitem quantity", "Lineitem name", "Lineitem price", "Lineitem sku")
HEADER = (*OF_ORDER, *SUMS, *OTHERS, *OF_LINE)


class Place(msgspec.Struct, frozen=True):
    """How far the file is: cursor of the last page, length in bytes, orders in it, whether all are."""

    cursor: str | None = None
    length: int = 0
    orders: int = 0
    done: bool = False


def fetch_history(home: Home, api: ShopifyApi, report: Report = silent) -> Path:
    """The file with all orders, complete; begun before, it goes on where it ended.

    Raises ShopifyRefused, OSError; what came so far stays.
    """
    path, place = history_file(home), _place(home)
    make_folder(path.parent)
    page = MOST_ORDERS
    while not place.done:
        try:
            orders = api.ask(ORDERS, first=page, lines=MOST_LINES, after=place.cursor)["orders"]
        except TooCostly:
            if page == 1:
                raise
            page //= 2
            continue
        place = _append(home, place, orders, api)
        report("fetching orders", place.orders, 0)
    return path


def history_file(home: Home) -> Path:
    """Where the orders are gathered; it holds addresses, and only its owner can read it."""
    return home.root / "connections" / "shopify-history.csv"


def forget_history(home: Home) -> None:
    """Remove the file when it is imported: the next one begins anew."""
    _place_file(home).unlink(missing_ok=True)
    history_file(home).unlink(missing_ok=True)


def _append(home: Home, before: Place, orders: Json, api: ShopifyApi) -> Place:
    """Write a page behind the last whole one, and only then that it is there."""
    text = StringIO()
    table = csv.DictWriter(text, HEADER, lineterminator="\n")
    if not before.length:
        table.writeheader()
    for order in orders["nodes"]:
        table.writerows(_rows(order, api))
    content = text.getvalue().encode()
    path = history_file(home)
    path.touch(mode=0o600)
    with path.open("r+b") as file:
        file.truncate(before.length)
        file.seek(before.length)
        file.write(content)
    info = orders["pageInfo"]
    number = before.orders + len(orders["nodes"])
    place = Place(info["endCursor"], before.length + len(content), number, not info["hasNextPage"])
    write_whole(_place_file(home), msgspec.json.encode(place), mode=0o600)
    return place


def _place(home: Home) -> Place:
    kept = read_whole(_place_file(home)) if history_file(home).exists() else None
    return msgspec.json.decode(kept, type=Place) if kept else Place()


def _place_file(home: Home) -> Path:
    return history_file(home).with_suffix(".json")


def _rows(order: Json, api: ShopifyApi) -> Iterator[Json]:
    """A row a line, the order's own cells on the first; none of a test, or of gift cards."""
    if order.get("test"):
        return
    cells = {header: order.get(name) or "" for header, name in OF_ORDER.items()}
    lines = list(_lines(order, api))
    gifts = sum(
        _amount(each, "originalUnitPriceSet") * each["quantity"] for each in lines if each["isGiftCard"]
    )
    cells |= {header: _amount(order, name) for header, name in SUMS.items()}
    cells |= {header: cells[header] - gifts for header in ("Subtotal", "Total")}
    refunded = _amount(order, "totalRefundedSet") - _amount(order, "totalRefundedShippingSet")
    cells |= {
        "Customer ID": (order.get("customer") or {}).get("legacyResourceId", ""),
        "Taxes Included": "yes" if order["taxesIncluded"] else "no",
        "Shipping Country": (order.get("shippingAddress") or {}).get("countryCodeV2", ""),
        "Refunded Amount": round(refunded, 2),
    }
    for line in lines:
        if line["isGiftCard"]:
            continue
        price = _amount(line, "originalUnitPriceSet")
        yield cells | dict(
            zip(OF_LINE, (line["quantity"], line["name"], price, line["sku"] or ""), strict=True)
        )
        cells = {"Name": order["name"]}


def _lines(order: Json, api: ShopifyApi) -> Iterator[Json]:
    page: Json = order["lineItems"]
    while True:
        yield from page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]
        page = api.ask(MORE_LINES, id=order["id"], lines=MOST_LINES, after=after)["order"]["lineItems"]


def _amount(of: Json, name: str) -> float:
    money: Any = (of.get(name) or {}).get("shopMoney") or {}
    return float(money.get("amount") or 0)
