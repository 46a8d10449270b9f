"""Shopify's orders and refunds as our events, with the money that the importer finds in Shopify's CSV.

https://shopify.dev/docs/api/admin-rest/latest/resources/order and .../refund, in the shop's currency.
Goods are prices less discounts on them; postage, tips, gift cards and tax on top are none (docs/figures.md).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from features.connections.webhook import Json, Memo

CENT = 0.01
WAITS, NEVER, REFUNDED = frozenset({"pending", "unpaid"}), frozenset({"voided", "expired"}), "refunded"
"""Financial statuses, as the importer reads them: nothing was paid; no order, or no longer; all went back."""
BROWSER_ATTRIBUTES = frozenset({"perennial_anonymous_id", "_perennial_anonymous_id"})
"""Cart attributes in which a theme may put the browser's id."""


class OrderFacts(NamedTuple):
    """What an order's refunds need to know of it. share: the goods' part of money with tax on top, 1 where
    none is; customer: Shopify's id."""

    number: str
    currency: str | None
    share: float
    customer: str | None

    def memo(self) -> Memo:
        return self._asdict()


def order_facts(order: Json) -> OrderFacts:
    """The facts of a whole order."""
    goods = sum(_price(line) * line["quantity"] for line in order["line_items"] if _is_goods(line))
    paid = goods - _discount(order)
    tax = 0.0 if order.get("taxes_included") else _number(order.get("total_tax"))
    share = paid / (paid + tax) if paid > 0 else 1.0
    customer = (order.get("customer") or {}).get("id")
    number = str(order["name"]).strip().removeprefix("#")
    return OrderFacts(number, order.get("currency"), share, str(customer) if customer else None)


def order_events(order: Json) -> Iterator[Json]:
    """All that an order says by now: what was bought, what went back, that it was cancelled."""
    facts = order_facts(order)
    status = order.get("financial_status") or ""
    if status not in WAITS | NEVER and (purchase := _purchase(order, facts)):
        yield purchase
    if status not in WAITS:
        for refund in order.get("refunds") or ():
            yield from refund_events(refund, facts)
    word = {"order": {"order_id": facts.number}, **_who(order)}
    if order.get("cancelled_at") or status in NEVER:
        at = order.get("cancelled_at") or order["updated_at"]
        yield {"type": "cancel", "event_id": f"shopify:cancel:{order['id']}", "timestamp": at, **word}
    elif status == REFUNDED:
        at = order["updated_at"]
        yield {"type": "refund", "event_id": f"shopify:refunded:{order['id']}", "timestamp": at, **word}


def refund_events(refund: Json, facts: OrderFacts) -> Iterator[Json]:
    """Pieces that went back, and what went back besides: a sum of the goods, or postage."""
    lines = [line for line in refund.get("refund_line_items") or () if _is_goods(line["line_item"])]
    money = _refund_money(refund, lines, facts)
    order = {"order_id": facts.number, "currency": facts.currency}
    besides = {"shipping": round(money.shipping, 4), "tax": round(money.tax, 4)}
    if lines:
        items = [_back(line, money.of_lines) for line in lines]
        yield _refund(refund, "", {**order, **besides, "items": items})
    elif money.shipping > CENT / 2 and money.rest <= CENT / 2:
        yield _refund(refund, "", {**order, **besides})
    if money.rest > CENT / 2:
        sum_of_goods = {**order, **({} if lines else besides)}
        yield _refund(refund, "-sum", sum_of_goods) | {"unit_price": round(money.rest, 4)}


def product_name(line: Json) -> str:
    """What the importer calls the product of a line: its SKU, else its title with that of the variant."""
    title = line.get("name") or _joined(line.get("title"), line.get("variant_title"))
    return str(line.get("sku") or "").strip() or str(title).strip()


def _joined(title: Any, variant: Any) -> str:
    return " - ".join(str(each) for each in (title, variant) if each and each != "Default Title")


def _purchase(order: Json, facts: OrderFacts) -> Json | None:
    """None of an order without goods."""
    items = [
        {"product_id": product_name(line), "quantity": quantity, "unit_price": _price(line)}
        for line in order["line_items"]
        if _is_goods(line) and (quantity := _quantity(line, order)) > 0
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
        "shipping": sum(_number(each.get("price")) for each in order.get("shipping_lines") or ()),
        "tax": _number(order.get("total_tax")),
    }
    updated = datetime.fromisoformat(str(order.get("updated_at") or order["created_at"]))
    address = order.get("shipping_address") or order.get("billing_address") or {}
    return {
        "type": "purchase",
        "event_id": f"shopify:order:{order['id']}:{_digest(content)}",
        "timestamp": order["created_at"],
        "revision": int(updated.timestamp()),
        "order": content,
        "context": {"country": address.get("country_code"), "language": order.get("customer_locale")},
        **_who(order),
    }


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


def _is_goods(line: Json) -> bool:
    """Tips and gift cards are no goods."""
    return not line.get("gift_card") and not line.get("tip") and not line.get("tip_payment_method")


def _price(line: Json) -> float:
    """Of a piece, less the line's own discount, as in `Lineitem price` and `Lineitem discount`."""
    pieces = float(line["quantity"]) or 1.0
    own = 0.0 if line.get("discount_allocations") else _number(line.get("total_discount"))
    return round(_number(line["price"]) - own / pieces, 6)


def _discount(order: Json) -> float:
    """Off the goods; what is off the postage is not."""
    lines = [line for line in order["line_items"] if _is_goods(line)]
    if all("discount_allocations" in line for line in lines):
        shares = [each for line in lines for each in line["discount_allocations"]]
        return round(sum(_number(each["amount"]) for each in shares), 6)
    every = order["line_items"]
    goods = sum(_price(line) * line["quantity"] for line in every if not line.get("tip_payment_method"))
    off = goods - _number(order.get("subtotal_price", goods))
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


class _RefundMoney(NamedTuple):
    """of_lines: factor of what the lines are worth, None where nothing was paid back; rest: further money of
    the goods; tax: on top of both."""

    of_lines: float | None
    rest: float
    shipping: float
    tax: float = 0.0


def _refund_money(refund: Json, lines: list[Json], facts: OrderFacts) -> _RefundMoney:
    """What went back is what was paid; where it is not what lines and postage are worth, the goods differ."""
    transactions = [
        each
        for each in refund.get("transactions") or ()
        if each.get("kind") == "refund" and each.get("status") == "success"
    ]
    paid = sum(_number(each["amount"]) for each in transactions)
    shipping = _shipping(refund)
    worth = sum(_number(line["subtotal"]) for line in lines)
    if not transactions:
        return _RefundMoney(None, 0.0, shipping)
    if not lines:
        goods = max(paid - shipping, 0.0)
        return _RefundMoney(None, goods * facts.share, shipping, goods * (1 - facts.share))
    tax = sum(_number(line.get("total_tax")) for line in lines)
    more = paid - worth - tax - shipping
    if facts.share == 1 and abs(more) >= 1.5 * CENT:  # tax is in the prices, or the order is not known
        tax, more = 0.0, more + tax
    if abs(more) < 1.5 * CENT or worth <= 0:  # taxes are rounded by line
        return _RefundMoney(1.0, 0.0, shipping, tax)
    tax, more = tax + more * (1 - facts.share), more * facts.share
    of_lines, rest = (1.0, more) if more > 0 else (1 + more / worth, 0.0)
    return _RefundMoney(of_lines, rest, shipping, max(tax, 0.0))


def _shipping(refund: Json) -> float:
    """Postage that went back, with its tax: as an adjustment, since October 2024 as lines of its own."""
    adjustments = [
        abs(_number(each.get("amount"))) + abs(_number(each.get("tax_amount")))
        for each in refund.get("order_adjustments") or ()
        if each.get("kind") == "shipping_refund"
    ]
    lines = [_shipping_line(each) for each in refund.get("refund_shipping_lines") or ()]
    return sum(adjustments) or sum(lines)


def _shipping_line(line: Mapping[str, Any]) -> float:
    amount = line.get("subtotal_amount_set") or {}
    return _number((amount.get("shop_money") or {}).get("amount", line.get("amount")))


def _back(line: Json, factor: float | None) -> Json:
    """A line that went back; without a price it is what was paid for it."""
    quantity = float(line["quantity"])
    price = None if factor is None else max(_number(line["subtotal"]) * factor, 0.0) / quantity
    item = {"product_id": product_name(line["line_item"]), "quantity": quantity}
    return item if price is None else item | {"unit_price": round(price, 6)}


def _refund(refund: Json, part: str, order: Json) -> Json:
    number = f"{refund['id']}{part}"
    return {
        "type": "refund",
        "event_id": f"shopify:refund:{number}",
        "timestamp": refund.get("processed_at") or refund["created_at"],
        "order": order,
        "properties": {"refund_id": number},
    }


def _digest(content: Json) -> str:
    return sha256(msgspec.json.encode(content, order="sorted")).hexdigest()[:16]


def _number(text: Any) -> float:
    """Money is text in payloads."""
    return float(text) if text not in (None, "") else 0.0
