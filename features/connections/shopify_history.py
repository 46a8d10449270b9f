"""Orders of before, from Shopify's Admin GraphQL API into a file as Shopify exports it, page by page.

https://shopify.dev/docs/api/admin-graphql/latest/queries/orders. Orders older than 60 days need the scope
read_all_orders.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from features.connections.export_file import ExportFile
from features.connections.shopify_api import Json, ShopifyApi, TooCostly
from features.home import Home
from features.progress import Report, silent

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


def fetch_history(home: Home, api: ShopifyApi, report: Report = silent) -> Path:
    """The file with all orders, complete; begun before, it goes on where it ended.

    Raises ShopifyRefused, OSError; what came so far stays.
    """
    file, page = history_file(home), MOST_ORDERS
    while not file.place.done:
        try:
            orders = api.ask(ORDERS, first=page, lines=MOST_LINES, after=file.place.cursor)["orders"]
        except TooCostly:
            if page == 1:
                raise
            page //= 2
            continue
        rows, info = [row for order in orders["nodes"] for row in _rows(order, api)], orders["pageInfo"]
        file.append(rows, len(orders["nodes"]), info["endCursor"], done=not info["hasNextPage"])
        report("fetching orders", file.place.orders, 0)
    return file.path


def history_file(home: Home) -> ExportFile:
    """Where the orders are gathered."""
    return ExportFile(home, "shopify", HEADER)


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
