"""What is asked, and what it means in rows of the bundle."""

from __future__ import annotations

from functools import cached_property
from typing import Literal, get_args

import msgspec

from features.shopper import ShopperState
from recommender.bundle import Bundle
from recommender.tables import PurchaseRow

Placement = Literal[
    "home",
    "product_similar",
    "product_complements",
    "upgrade",
    "cart",
    "buy_again",
    "post_purchase",
    "trending",
    "new",
    "email",
]
PLACEMENTS: tuple[str, ...] = get_args(Placement)

DAY = 86_400
REST_DAYS = 14
RECENT_VIEWS = 10
NOBODY = ShopperState()


class Request(msgspec.Struct, frozen=True):
    """One widget's question. `now` is epoch seconds; ids are the shop's own.

    rest_days: for so long what was bought is hidden, except from `buy_again`.
    """

    placement: Placement
    now: float
    shopper: ShopperState = NOBODY
    customer_id: str | None = None
    product_id: str | None = None
    cart: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    category: str | None = None
    min_price: float | None = None
    max_price: float | None = None
    in_stock: bool = True
    rest_days: int = REST_DAYS

    @property
    def filtered(self) -> bool:
        """Whether some of the products on the shelf are out of the question."""
        return not (
            self.in_stock and self.category is None and self.min_price is None and self.max_price is None
        )


class Situation:
    """A request in rows of one bundle; unknown ids are left out, an unknown product or customer is -1.

    today: days since 1970; cart: the one named in the request, else the one that live events filled;
    purchases: what the bundle knows of this customer; fresh_purchases: item -> day of what was bought since
    the bundle was trained, newest first; last_bought: item -> day, of both; hidden: what this answer must not
    show, as it is in view, in the cart, excluded or bought lately.
    """

    def __init__(self, request: Request, bundle: Bundle) -> None:
        tables, rows = bundle.tables, bundle.tables.products.rows
        self.request, self.bundle = request, bundle
        self.today = int(request.now // DAY)
        self.product = tables.products.row(request.product_id)
        self.live_cart = rows(request.shopper.cart)
        self.cart = rows(request.cart) if request.cart else self.live_cart
        self.customer = tables.customers.row(request.customer_id)
        self.purchases: PurchaseRow = tables.purchases.of(self.customer)
        self.fresh_purchases = self._fresh_purchases() if request.shopper.purchases else {}
        days = dict(zip(self.purchases.items.tolist(), self.purchases.last_day.tolist(), strict=True))
        self.last_bought: dict[int, int] = days | self.fresh_purchases
        self.hidden = self._hidden()

    @cached_property
    def viewed(self) -> list[int]:
        """Newest first; the product of the page comes first of all."""
        seen = self.bundle.tables.products.rows(self.request.shopper.viewed[:RECENT_VIEWS])
        return list(dict.fromkeys([self.product, *seen])) if self.product >= 0 else seen

    @cached_property
    def last_order(self) -> list[int]:
        """What was bought last, live or in the history."""
        if self.fresh_purchases:
            newest = max(self.fresh_purchases.values())
            return [item for item, day in self.fresh_purchases.items() if day == newest]
        items, last_day = self.purchases.items, self.purchases.last_day
        return [int(item) for item in items[last_day == last_day.max()]] if len(items) else []

    def _hidden(self) -> list[int]:
        request = self.request
        hidden = self.cart + self.live_cart
        if self.product >= 0:
            hidden.append(self.product)
        if request.exclude:
            hidden += self.bundle.tables.products.rows(request.exclude)
        if request.placement != "buy_again":
            rests_since = self.today - request.rest_days
            hidden += [item for item, day in self.last_bought.items() if day > rests_since]
        return hidden

    def _fresh_purchases(self) -> dict[int, int]:
        known = len(self.purchases.items) > 0
        since = self.bundle.manifest.data_until_ms if known else 0
        fresh: dict[int, int] = {}
        for purchase in self.request.shopper.purchased_since(since):
            day = purchase.at_ms // (DAY * 1000)
            for item in self.bundle.tables.products.rows(purchase.product_ids):
                fresh.setdefault(item, day)
        return fresh
