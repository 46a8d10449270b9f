"""A shop at Shopify as its webhooks tell of it: payloads by hand from Shopify's documentation, signed."""

import json
from itertools import count
from typing import Any

import httpx

from features.connections.settings_file import save_connection
from features.connections.webhook import signed
from features.home import Home

SHOP, SECRET, NEXT_SECRET = "teashop.myshopify.com", "shpss_first", "shpss_second"
WEBHOOKS = "/v1/webhooks/shopify"
Json = dict[str, Any]
_deliveries = count(1)


def connect(home: Home) -> None:
    save_connection(home, "shopify", {"shop": SHOP, "secrets": [SECRET, NEXT_SECRET]})


def send(
    http: httpx.Client,
    topic: str,
    payload: Any,
    *,
    secret: str = SECRET,
    delivery: str | None = None,
    **headers: str,
) -> httpx.Response:
    """Deliver a webhook as Shopify does."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    sent = {
        "Content-Type": "application/json",
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-SHA256": signed(body, secret),
        "X-Shopify-Shop-Domain": SHOP,
        "X-Shopify-Webhook-Id": delivery or f"d-{next(_deliveries)}",
        "X-Shopify-API-Version": "2026-10",
    }
    return http.post(WEBHOOKS, content=body, headers=sent | headers)


def line(number: int, sku: str, price: str, quantity: int = 1, off: str = "0.00", **more: Any) -> Json:
    """A line of an order. off: its share of the order's discounts."""
    title = more.pop("title", sku.title())
    allocations = [{"amount": off, "discount_application_index": 0}] if float(off) else []
    return {
        "id": number,
        "variant_id": 40_000 + number,
        "product_id": 50_000 + number,
        "sku": sku,
        "title": title,
        "name": title,
        "price": price,
        "quantity": quantity,
        "current_quantity": quantity,
        "gift_card": False,
        "total_discount": "0.00",
        "discount_allocations": allocations,
        **more,
    }


def order(number: int, lines: list[Json], **more: Any) -> Json:
    """An order `#number`, paid, its totals worked out from its lines as Shopify does."""
    goods = sum(float(each["price"]) * each["quantity"] for each in lines if "tip_payment_method" not in each)
    off = sum(float(share["amount"]) for each in lines for share in each["discount_allocations"])
    tip = sum(float(each["price"]) for each in lines if "tip_payment_method" in each)
    shipping, tax = float(more.pop("shipping", "4.90")), float(more.get("total_tax", "0.00"))
    on_top = 0.0 if more.get("taxes_included", True) else tax
    customer = more.pop("customer_id", 7_001)
    return {
        "id": 5_000_000 + number,
        "name": f"#{number}",
        "email": f"Anna+{customer}@Example.com",
        "created_at": "2026-11-20T09:00:00+01:00",
        "updated_at": "2026-11-20T09:00:01+01:00",
        "currency": "EUR",
        "financial_status": "paid",
        "cancelled_at": None,
        "test": False,
        "taxes_included": True,
        "subtotal_price": f"{goods - off:.2f}",
        "total_discounts": f"{off:.2f}",
        "total_tax": f"{tax:.2f}",
        "total_price": f"{goods - off + tip + shipping + on_top:.2f}",
        "total_tip_received": f"{tip:.2f}",
        "discount_codes": [{"code": "HELLO", "amount": f"{off:.2f}"}] if off else [],
        "shipping_lines": [{"price": f"{shipping:.2f}", "discounted_price": f"{shipping:.2f}"}],
        "shipping_address": {"country_code": "DE"},
        "customer": {"id": customer, "email": f"anna+{customer}@example.com"},
        "line_items": lines,
        "refunds": [],
        **more,
    }


def refund(
    number: int, of: Json, paid: str, lines: dict[int, int] | None = None, *, tax: float = 0.0, **more: Any
) -> Json:
    """Of an order. lines: id of a line -> pieces; paid: all that went back, "" for nothing; tax: its rate."""
    by_id = {each["id"]: each for each in of["line_items"]}
    back = [
        {
            "id": 100 * number + line_id,
            "line_item_id": line_id,
            "quantity": pieces,
            "restock_type": "return",
            "subtotal": f"{_worth(by_id[line_id]) * pieces:.2f}",
            "total_tax": f"{_worth(by_id[line_id]) * pieces * tax:.2f}",
            "line_item": by_id[line_id],
        }
        for line_id, pieces in (lines or {}).items()
    ]
    money = [{"kind": "refund", "status": "success", "amount": paid, "currency": "EUR"}] if paid else []
    return {
        "id": number,
        "order_id": of["id"],
        "created_at": "2026-11-21T10:00:00+01:00",
        "processed_at": "2026-11-21T10:00:00+01:00",
        "refund_line_items": back,
        "transactions": money,
        "order_adjustments": [],
        **more,
    }


def _worth(each: Json) -> float:
    """Of a piece, after discounts."""
    off = sum(float(share["amount"]) for share in each["discount_allocations"])
    return float(each["price"]) - off / float(each["quantity"])


EXPORT = (
    "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,"
    "Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Lineitem discount,Cancelled at,"
    "Refunded Amount,Shipping Country,Id,Tip Amount"
)


def export(orders: list[Json]) -> str:
    """Shopify's orders_export.csv: a row a line, the order's own cells on its first."""
    rows = [row for each in orders for row in _rows(each)]
    return "\n".join([EXPORT, *rows, ""])


def _rows(each: Json) -> list[str]:
    paid_back = [money for back in each["refunds"] for money in back["transactions"]]
    head = [
        each["email"],
        each["financial_status"],
        each["currency"],
        each["subtotal_price"],
        each["shipping_lines"][0]["price"],
        each["total_tax"],
        each["total_price"],
        next((code["code"] for code in each["discount_codes"]), ""),
        each["total_discounts"],
        each["created_at"].replace("T", " "),
    ]
    tail = [
        (each["cancelled_at"] or "").replace("T", " "),
        f"{sum(float(money['amount']) for money in paid_back):.2f}",
        each["shipping_address"]["country_code"],
        str(each["id"]),
        each["total_tip_received"],
    ]
    rows = []
    for place, item in enumerate(each["line_items"]):
        cells = [str(item["quantity"]), item["name"], item["price"], item["sku"], item["total_discount"]]
        first, last = (head, tail) if place == 0 else ([""] * len(head), [""] * len(tail))
        rows.append(",".join([each["name"], *first, *cells, *last]))
    return rows
