"""Shopify's refunds as our events: pieces that went back, money of the goods beside them, postage.

https://shopify.dev/docs/api/admin-rest/latest/resources/refund
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from features.connections.payloads import amount
from features.connections.shopify_lines import CENT, OrderFacts, is_goods, product_name
from features.connections.webhook import Json

ROUNDING = 1.5 * CENT  # taxes are rounded by line


def refund_events(refund: Json, facts: OrderFacts) -> Iterator[Json]:
    """Pieces that went back, and what went back besides: a sum of the goods, or postage."""
    lines = [line for line in refund.get("refund_line_items") or () if is_goods(line["line_item"])]
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
    paid = sum(amount(each["amount"]) for each in transactions)
    shipping = _shipping(refund)
    worth = sum(amount(line["subtotal"]) for line in lines)
    if not transactions:
        return _RefundMoney(None, 0.0, shipping)
    is_foreign = facts.currency and any(each.get("currency") != facts.currency for each in transactions)
    if is_foreign:
        paid = worth + shipping + _discrepancy(refund)  # in the buyer's currency; all else is in the shop's
    if not lines:
        goods = max(paid - shipping, 0.0)
        return _RefundMoney(None, goods * facts.share, shipping, goods * (1 - facts.share))
    tax = sum(amount(line.get("total_tax")) for line in lines)
    more = paid - worth - tax - shipping
    if (facts.share == 1 and abs(more) >= ROUNDING) or is_foreign:  # tax is in the prices, or nobody knows
        tax, more = 0.0, more + tax
    if abs(more) < ROUNDING or worth <= 0:
        return _RefundMoney(1.0, 0.0, shipping, tax)
    tax, more = tax + more * (1 - facts.share), more * facts.share
    of_lines, rest = (1.0, more) if more > 0 else (1 + more / worth, 0.0)
    return _RefundMoney(of_lines, rest, shipping, max(tax, 0.0))


def _discrepancy(refund: Json) -> float:
    """What went back beyond lines and postage; below 0: less than these are worth."""
    adjustments = refund.get("order_adjustments") or ()
    return -sum(amount(each["amount"]) for each in adjustments if each.get("kind") == "refund_discrepancy")


def _shipping(refund: Json) -> float:
    """Postage that went back, with its tax: as an adjustment, since October 2024 as lines of its own."""
    adjustments = [
        abs(amount(each.get("amount"))) + abs(amount(each.get("tax_amount")))
        for each in refund.get("order_adjustments") or ()
        if each.get("kind") == "shipping_refund"
    ]
    lines = [_shipping_line(each) for each in refund.get("refund_shipping_lines") or ()]
    return sum(adjustments) or sum(lines)


def _shipping_line(line: Mapping[str, Any]) -> float:
    money = (line.get("subtotal_amount_set") or {}).get("shop_money") or {}
    return amount(money.get("amount", line.get("amount")))


def _back(line: Json, factor: float | None) -> Json:
    """A line that went back; without a price it is what was paid for it."""
    quantity = float(line["quantity"])
    price = None if factor is None else max(amount(line["subtotal"]) * factor, 0.0) / quantity
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
