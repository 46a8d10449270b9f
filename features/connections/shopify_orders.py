"""Shopify's orders as our events, with the money that the importer finds in Shopify's CSV.

https://shopify.dev/docs/api/admin-rest/latest/resources/order, in the shop's currency.
Goods are prices less discounts on them; postage, tips, gift cards and tax on top are none (docs/figures.md).
"""

from collections.abc import Iterator
from datetime import datetime

from features.connections.payloads import amount, digest
from features.connections.shopify_lines import CENT, OrderFacts, is_goods, product_name
from features.connections.shopify_refunds import refund_events
from features.connections.webhook import Json

WAITS, NEVER, REFUNDED = frozenset({"pending", "unpaid"}), frozenset({"voided", "expired"}), "refunded"
"""Financial statuses, as the importer reads them: nothing was paid; no order, or no longer; all went back."""
BROWSER_ATTRIBUTES = frozenset({"perennial_anonymous_id", "_perennial_anonymous_id"})
"""Cart attributes in which a theme may put the browser's id."""


def order_facts(order: Json) -> OrderFacts:
    """The facts of a whole order."""
    goods = sum(_price(line) * line["quantity"] for line in order["line_items"] if is_goods(line))
    paid = goods - _discount(order)
    tax = 0.0 if order.get("taxes_included") else amount(order.get("total_tax"))
    share = paid / (paid + tax) if paid > 0 else 1.0
    customer = (order.get("customer") or {}).get("id")
    number = str(order["name"]).strip().removeprefix("#")
    return OrderFacts(number, order.get("currency"), share, str(customer) if customer else None)


def order_events(order: Json) -> Iterator[Json]:
    """All that an order says by now: what was bought, what went back, that it was cancelled.

    Each change is a word of its own, whose revision is the order's own time of it. Shopify takes no
    cancellation back, so that one has none; an authorisation that expired may be paid later, and counts then.
    """
    facts = order_facts(order)
    status = order.get("financial_status") or ""
    if status not in WAITS | NEVER and (purchase := _purchase(order, facts)):
        yield purchase
    if status not in WAITS:
        for refund in order.get("refunds") or ():
            yield from refund_events(refund, facts)
    word = {"order": {"order_id": facts.number}, **_who(order)}
    if at := order.get("cancelled_at"):
        yield {"type": "cancel", "event_id": f"shopify:cancel:{order['id']}", "timestamp": at, **word}
    elif status in NEVER or status == REFUNDED:
        kind, revision = "refund" if status == REFUNDED else "cancel", _revision(order)
        event_id, at = f"shopify:{status}:{order['id']}:{revision}", order["updated_at"]
        yield {"type": kind, "event_id": event_id, "timestamp": at, "revision": revision, **word}


def _purchase(order: Json, facts: OrderFacts) -> Json | None:
    """None of an order without goods."""
    items = [
        {"product_id": product_name(line), "quantity": quantity, "unit_price": _price(line)}
        for line in order["line_items"]
        if is_goods(line) and (quantity := _quantity(line, order)) > 0
    ]
    if not items:
        return None
    codes = order.get("discount_codes") or ()
    content = {
        "order_id": facts.number,
        "other_number": str(order["id"]),
        "items": items,
        "currency": facts.currency,
        "discount": _discount(order),
        "coupon": next((each["code"] for each in codes if each.get("code")), None),
        "shipping": sum(amount(each.get("price")) for each in order.get("shipping_lines") or ()),
        "tax": amount(order.get("total_tax")),
    }
    address = order.get("shipping_address") or order.get("billing_address") or {}
    return {
        "type": "purchase",
        "event_id": f"shopify:order:{order['id']}:{_revision(order)}:{digest(content)}",
        "timestamp": order["created_at"],
        "revision": _revision(order),
        "order": content,
        "context": {"country": address.get("country_code"), "language": order.get("customer_locale")},
        **_who(order),
    }


def _revision(order: Json) -> int:
    """When it was changed last, in seconds since 1970."""
    return int(datetime.fromisoformat(str(order.get("updated_at") or order["created_at"])).timestamp())


def _who(order: Json) -> Json:
    """The customer by Shopify's id and by address, as the importer knows them; the browser if it is told."""
    customer = order.get("customer") or {}
    contact = {
        "email": order.get("email") or order.get("contact_email") or customer.get("email"),
        "phone": order.get("phone") or customer.get("phone"),
    }
    attributes = order.get("note_attributes") or ()
    browsers = [each.get("value") for each in attributes if each.get("name") in BROWSER_ATTRIBUTES]
    return {
        "customer_id": str(customer["id"]) if customer.get("id") else None,
        "anonymous_id": next((str(each) for each in browsers if each), None),
        "properties": {name: value for name, value in contact.items() if value} or None,
    }


def _price(line: Json) -> float:
    """Of a piece, less the line's own discount, as in `Lineitem price` and `Lineitem discount`."""
    pieces = float(line["quantity"]) or 1.0
    own = 0.0 if line.get("discount_allocations") else amount(line.get("total_discount"))
    return round(amount(line["price"]) - own / pieces, 6)


def _discount(order: Json) -> float:
    """Off the goods; what is off the postage is not."""
    lines = [line for line in order["line_items"] if is_goods(line)]
    if all("discount_allocations" in line for line in lines):
        shares = [each for line in lines for each in line["discount_allocations"]]
        return round(sum(amount(each["amount"]) for each in shares), 6)
    every = order["line_items"]
    goods = sum(_price(line) * line["quantity"] for line in every if not line.get("tip_payment_method"))
    off = goods - amount(order.get("subtotal_price", goods))
    return round(off, 6) if off > CENT / 2 else 0.0


def _quantity(line: Json, order: Json) -> float:
    """Pieces that are bought by now: without those that were edited away, which no refund tells of."""
    ordered = float(line["quantity"])
    current = line.get("current_quantity")
    if current is None:
        return ordered
    back = [each for refund in order.get("refunds") or () for each in refund.get("refund_line_items") or ()]
    told = sum(float(each["quantity"]) for each in back if each["line_item_id"] == line["id"])
    return min(ordered, float(current) + told)
