"""WooCommerce's orders as our events, with the money that the importer finds in an export of the same shop.

https://woocommerce.github.io/woocommerce-rest-api-docs/#order-properties. Totals of lines are without tax,
which is on top of them whatever the shop's prices show; postage and fees are no goods (docs/figures.md).
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from features.connections.payloads import BadPayload, amount, digest, stated
from features.connections.webhook import Json

CENT = 0.01
WAITS = frozenset({"pending", "on-hold"})
NEVER = frozenset({"cancelled", "failed", "trash", "draft", "auto-draft", "checkout-draft"})
REFUNDED = "refunded"
"""Statuses, as the importer reads them: nothing was paid; no order, or no longer; all went back."""
BROWSER = "_perennial_id"
"""The meta field in which our plugin puts the browser's id at the checkout."""


def order_events(order: Json, *, counted: bool = False) -> Iterator[Json]:
    """All that an order says by now: what was bought, what went back, that it was cancelled.

    counted: whether it was paid before; if it waits for money again, it is none until that comes.
    Each change is a word of its own, whose revision is the order's own time of it: whichever comes last, the
    newest counts, so that an order which was cancelled and is restored counts again.
    """
    status = str(order["status"])
    if counts(order) and (purchase := _purchase(order)):
        yield purchase
        if status != REFUNDED:
            yield from _refunds(order)
    number, at = f"{order['id']}:{order_revision(order)}", _changed(order).isoformat()
    word = {"timestamp": at, "revision": order_revision(order), "order": {"order_id": order_number(order)}}
    if status in NEVER or (counted and status in WAITS):
        yield {"type": "cancel", "event_id": f"woocommerce:cancel:{number}", **word, **_who(order)}
    elif status == REFUNDED:
        yield {"type": "refund", "event_id": f"woocommerce:refunded:{number}", **word, **_who(order)}


def order_number(order: Json) -> str:
    """The number that customers see: plug-ins may count otherwise than WooCommerce itself."""
    return str(order.get("number") or order["id"])


def counts(order: Json) -> bool:
    """Whether it is an order by now."""
    return str(order["status"]) not in WAITS | NEVER


def order_revision(order: Json) -> int:
    """When it was changed last, in seconds since 1970."""
    return int(_changed(order).timestamp())


def product_name(line: Json) -> str:
    """The importer's name of a line's product: SKU, else id of the variation, of the product, its name.

    Raises BadPayload where there is none of them.
    """
    named = (line.get(name) for name in ("sku", "variation_id", "product_id", "name"))
    name = next((str(each).strip() for each in named if each), None)
    if name is None:
        raise BadPayload("a line names no product")
    return name


def _purchase(order: Json) -> Json | None:
    """None of an order without goods."""
    lines = [line for line in order["line_items"] if amount(line["quantity"]) > 0]
    if not lines:
        return None
    address = order.get("shipping") or {}
    billing = order.get("billing") or {}
    content = {
        "order_id": order_number(order),
        "other_number": str(order["id"]) if order_number(order) != str(order["id"]) else None,
        "items": [_item(line) for line in lines],
        "currency": order.get("currency"),
        "discount": round(_before(lines) - _paid(lines), 6),
        "coupon": next((each["code"] for each in order.get("coupon_lines") or () if each.get("code")), None),
        "shipping": amount(order.get("shipping_total")),
        "tax": amount(order.get("total_tax")),
    }
    return {
        "type": "purchase",
        "event_id": f"woocommerce:order:{order['id']}:{order_revision(order)}:{digest(content)}",
        "timestamp": _time(order["date_created_gmt"]).isoformat(),
        "revision": order_revision(order),
        "order": content,
        "context": {"country": address.get("country") or billing.get("country")},
        **_who(order),
    }


def _item(line: Json) -> Json:
    quantity = amount(line["quantity"])
    before = amount(line["subtotal"]) or amount(line["total"])
    return {
        "product_id": product_name(line),
        "quantity": quantity,
        "unit_price": round(before / quantity, 6),
    }


def _refunds(order: Json) -> Iterator[Json]:
    """The goods' part of each refund: an order names their sums alone, tax and postage in them."""
    left, postage = _paid(order["line_items"]), amount(order.get("shipping_total"))
    tax = amount(order.get("total_tax"))
    rate = tax / (left + postage) if left + postage > 0 else 0.0
    share = left / (left + tax) if left > 0 else 1.0
    for refund in order.get("refunds") or ():
        sum_back = abs(amount(refund["total"]))
        postage_alone = any(
            each > 0 and abs(sum_back - each) < CENT / 2 for each in (postage, round(postage * (1 + rate), 2))
        )
        goods = 0.0 if postage_alone else round(min(sum_back * share, left), 4)
        left -= goods
        money: Json = {"order_id": order_number(order), "currency": order.get("currency")}
        yield {
            "type": "refund",
            "event_id": f"woocommerce:refund:{refund['id']}",
            "timestamp": _changed(order).isoformat(),
            "order": money | ({"shipping": sum_back} if postage_alone else {}),
            **({} if postage_alone else {"unit_price": goods}),
            "properties": {"refund_id": str(refund["id"])},
        }


def _paid(lines: list[Json]) -> float:
    return sum(amount(line["total"]) for line in lines)


def _before(lines: list[Json]) -> float:
    """Before coupons."""
    return sum(amount(line["subtotal"]) or amount(line["total"]) for line in lines)


def _who(order: Json) -> Json:
    """The customer by WooCommerce's id, 0 of a guest, and by address, as the importer knows them; the browser
    where the plugin told it."""
    billing = order.get("billing") or {}
    contact = stated(email=billing.get("email"), phone=billing.get("phone"))
    browsers = [each.get("value") for each in order.get("meta_data") or () if each.get("key") == BROWSER]
    return {
        "customer_id": str(order["customer_id"]) if order.get("customer_id") else None,
        "anonymous_id": next((str(each) for each in browsers if each), None),
        "properties": contact or None,
    }


def _changed(order: Json) -> datetime:
    return _time(order.get("date_modified_gmt") or order["date_created_gmt"])


def _time(text: Any) -> datetime:
    """WooCommerce writes UTC without saying so."""
    time = datetime.fromisoformat(str(text))
    return time if time.tzinfo else time.replace(tzinfo=UTC)
