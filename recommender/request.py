"""What is asked, and what it means in rows of the bundle."""

from __future__ import annotations

from functools import cached_property
from typing import Literal, get_args

import msgspec
import numpy as np

from features.shopper import ShopperLog, ShopperState
from recommender.bundle import Bundle
from recommender.kernels import Ints
from recommender.live import MOST_SEEN, Live, live_rows, resting
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
NOBODY = ShopperState()


class Request(msgspec.Struct, frozen=True):
    """One widget's question. `now` is epoch seconds; ids are the shop's own.

    rest_days: for so long what was bought is hidden, except from `buy_again`.
    """

    placement: Placement
    now: float
    shopper: ShopperState | ShopperLog = NOBODY
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

    today: days since 1970; cart: the one named in the request, else the one that live events filled; seen:
    what was looked at, newest first; viewed: the same after the page's product; fresh_purchases: item -> day
    of what was bought since the bundle was trained, newest first; hidden: int32, what this answer must not
    show, as it is in view, in the cart, excluded or bought lately.
    """

    def __init__(self, request: Request, bundle: Bundle) -> None:
        tables, rows = bundle.tables, bundle.tables.products.rows
        self.request, self.bundle = request, bundle
        self.today = int(request.now // DAY)
        self.product = tables.products.row(request.product_id)
        self.customer = tables.customers.row(request.customer_id)
        self.fresh_purchases: dict[int, int] = {}
        self._last_bought: dict[int, int] | None = None
        live = self._live_rows()
        if live is not None:
            self.seen, self.live_cart = live
        else:
            self.seen = rows(self.shopper.viewed)[:MOST_SEEN]
            self.live_cart = rows(self.shopper.cart)
            self.fresh_purchases = self._fresh_purchases() if self.shopper.purchases else {}
        self.viewed = list(dict.fromkeys([self.product, *self.seen])) if self.product >= 0 else self.seen
        self.cart = rows(request.cart) if request.cart else self.live_cart
        self.hidden = self._hidden()

    def _live_rows(self) -> Live | None:
        log = self.request.shopper
        if not isinstance(log, ShopperLog):
            return None
        return live_rows(log, self.bundle.tables.products, self.trained_until_ms)

    @cached_property
    def shopper(self) -> ShopperState:
        """What was done lately, in the shop's own ids."""
        shopper = self.request.shopper
        return shopper.fold() if isinstance(shopper, ShopperLog) else shopper

    @property
    def trained_until_ms(self) -> int:
        """What arrived until then of this customer is in the bundle."""
        bundle = self.bundle
        return bundle.manifest.data_until_ms if bundle.tables.purchases.number(self.customer) else 0

    @property
    def purchases(self) -> PurchaseRow:
        """What the bundle knows of this customer."""
        return self.bundle.tables.purchases.of(self.customer)

    @property
    def last_bought(self) -> dict[int, int]:
        """Item -> day, of the bundle's purchases and the fresh ones."""
        if self._last_bought is None:
            self._last_bought = self.bundle.tables.purchases.days(self.customer) | self.fresh_purchases
        return self._last_bought

    @cached_property
    def last_order(self) -> list[int]:
        """What was bought last, live or in the history."""
        if self.fresh_purchases:
            newest = max(self.fresh_purchases.values())
            return [item for item, day in self.fresh_purchases.items() if day == newest]
        items, _, last_day, _ = self.purchases
        return [int(item) for item in items[last_day == last_day.max()]] if len(items) else []

    def _hidden(self) -> Ints:
        request, tables = self.request, self.bundle.tables
        named = self.cart + self.live_cart
        if self.product >= 0:
            named.append(self.product)
        if request.exclude:
            named += tables.products.rows(request.exclude)
        if request.placement == "buy_again":
            return np.array(named, np.int32)
        rests_since = self.today - request.rest_days
        named += [item for item, day in self.fresh_purchases.items() if day > rests_since]
        bought = tables.purchases.number(self.customer)
        if not bought:
            return np.array(named, np.int32)
        hidden = np.empty(len(named) + bought, np.int32)
        hidden[: len(named)] = named
        return hidden[: resting(tables.purchases.columns, self.customer, rests_since, len(named), hidden)]

    def _fresh_purchases(self) -> dict[int, int]:
        fresh: dict[int, int] = {}
        for purchase in self.shopper.purchased_since(self.trained_until_ms):
            day = purchase.at_ms // (DAY * 1000)
            for item in self.bundle.tables.products.rows(purchase.product_ids):
                fresh.setdefault(item, day)
        return fresh
