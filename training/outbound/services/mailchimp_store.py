"""Mailchimp's e-commerce: a store of ours with the orders of an audience's members.

https://mailchimp.com/developer/marketing/api/ecommerce-orders, -products, -customers, -stores: products and
orders are put under their ids, so that one that is told twice is there once. A customer is a member's
`contact_id`; their address comes from Mailchimp a moment before and is kept nowhere. Who is put as a customer
is subscribed to nothing by it (`opt_in_status`).
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from training.outbound.calls import Calls
from training.outbound.destination import OrderData, OrderLine, Refused

NEWS = timedelta(days=3)  # what is older begins no automation
PAGE = 1_000


class MailchimpStore:
    def __init__(self, call: Calls, audience: str) -> None:
        self._call, self._audience = call, audience
        self._store = f"/3.0/ecommerce/stores/perennial-{audience}"
        self._is_quiet: bool | None = None  # None: not looked at yet
        self._products = set[OrderLine]()  # told already, without quantities

    def put(self, order: OrderData, at: datetime, contact: str, address: str) -> None:
        """The order as it is now; deleted where nothing is left of it. Raises Refused, Unavailable."""
        path = self._at("orders", order.order_id)
        if not order.lines:
            self._delete(path)
            return
        try:
            self._open(order.currency, is_quiet=datetime.now(UTC) - at > NEWS)
            for line in order.lines:
                self._put_product(line)
            self._call("PUT", path, _order(order, at, contact, address))
        except Refused as error:  # whatever is missing is not the member
            raise Refused(str(error)) from error

    def take_out(self, contact: str) -> None:
        """All orders of a member, and the customer. Raises Refused, Unavailable."""
        asked: dict[str, Any] = {"customer_id": contact, "fields": "orders.id", "count": PAGE}
        while True:
            try:
                found = self._call("GET", f"{self._store}/orders", has="orders", params=asked)["orders"]
            except Refused as error:
                if error.is_missing:  # there is no store
                    return
                raise
            if not found:
                break
            for each in found:
                self._delete(self._at("orders", str(each["id"])))
        self._delete(self._at("customers", contact))

    def _open(self, currency: str, *, is_quiet: bool) -> None:
        """Make the store where it is not there. is_quiet: its orders begin no automation."""
        if self._is_quiet is None:
            try:
                self._is_quiet = self._call("GET", self._store, has="id").get("is_syncing") is True
            except Refused as error:
                if not error.is_missing:
                    raise
                self._call("POST", "/3.0/ecommerce/stores", self._new(currency, is_quiet=is_quiet))
                self._is_quiet = is_quiet
        if self._is_quiet != is_quiet:
            self._call("PATCH", self._store, {"is_syncing": is_quiet})
            self._is_quiet = is_quiet

    def _new(self, currency: str, *, is_quiet: bool) -> dict[str, Any]:
        store_id, name = self._store.rpartition("/")[2], "Perennial"
        fields = {"id": store_id, "list_id": self._audience, "name": name, "currency_code": currency}
        return {**fields, "platform": "perennial", "is_syncing": is_quiet}

    def _put_product(self, line: OrderLine) -> None:
        known = OrderLine(line.product_id, line.title, 1.0, line.price)
        if known not in self._products:
            product = {"id": line.product_id, "title": line.title}
            variants = [{**product, "price": line.price}]
            self._call("PUT", self._at("products", line.product_id), {**product, "variants": variants})
            self._products.add(known)

    def _delete(self, path: str) -> None:
        try:
            self._call("DELETE", path)
        except Refused as error:
            if not error.is_missing:
                raise

    def _at(self, kind: str, name: str) -> str:
        return f"{self._store}/{kind}/{quote(name, safe='')}"


def _order(order: OrderData, at: datetime, contact: str, address: str) -> dict[str, Any]:
    return {
        "id": order.order_id,
        "customer": {"id": contact, "email_address": address, "opt_in_status": False},
        "currency_code": order.currency,
        "order_total": order.total,
        "discount_total": order.discount,
        "processed_at_foreign": at.isoformat(),
        "lines": [_line(rank, line) for rank, line in enumerate(order.lines, 1)],
    }


def _line(rank: int, line: OrderLine) -> dict[str, Any]:
    """Quantities are whole there: half a kilogram is one piece at its price."""
    whole = line.quantity == int(line.quantity) and line.quantity > 0
    return {
        "id": str(rank),
        "product_id": line.product_id,
        "product_variant_id": line.product_id,
        "quantity": int(line.quantity) if whole else 1,
        "price": line.price if whole else round(line.price * line.quantity, 2),
    }
