"""What is asked, and what it means in rows of the bundle."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True)
class Situation:
    """A request in rows of one bundle; unknown ids are left out, an unknown product or customer is -1."""

    request: Request
    bundle: Bundle

    @property
    def today(self) -> int:
        """Days since 1970."""
        return int(self.request.now // DAY)

    @cached_property
    def product(self) -> int:
        return self.bundle.tables.products.row(self.request.product_id)

    @cached_property
    def cart(self) -> list[int]:
        """The cart named in the request, else the one that live events filled."""
        return self.bundle.tables.products.rows(self.request.cart or self.request.shopper.cart)

    @cached_property
    def viewed(self) -> list[int]:
        """Newest first; the product of the page comes first of all."""
        seen = self.bundle.tables.products.rows(self.request.shopper.viewed[:RECENT_VIEWS])
        return list(dict.fromkeys([self.product, *seen])) if self.product >= 0 else seen

    @cached_property
    def purchases(self) -> PurchaseRow:
        """What the bundle knows of this customer."""
        tables = self.bundle.tables
        return tables.purchases.of(tables.customers.row(self.request.customer_id))

    @cached_property
    def fresh_purchases(self) -> dict[int, int]:
        """item -> day of what was bought since the bundle was trained, newest first."""
        known = len(self.purchases.items) > 0
        since = self.bundle.manifest.data_until_ms if known else 0
        fresh: dict[int, int] = {}
        for purchase in self.request.shopper.purchases:
            if purchase.received_ms > since:
                day = purchase.at_ms // (DAY * 1000)
                for item in self.bundle.tables.products.rows(purchase.product_ids):
                    fresh.setdefault(item, day)
        return fresh

    @cached_property
    def last_order(self) -> list[int]:
        """What was bought last, live or in the history."""
        if self.fresh_purchases:
            newest = max(self.fresh_purchases.values())
            return [item for item, day in self.fresh_purchases.items() if day == newest]
        items, last_day = self.purchases.items, self.purchases.last_day
        return [int(item) for item in items[last_day == last_day.max()]] if len(items) else []

    @cached_property
    def hidden(self) -> NDArray[np.int32]:
        """Items that this answer must not show."""
        request, rows = self.request, self.bundle.tables.products.rows
        hidden = [self.product, *self.cart, *rows(request.shopper.cart), *rows(request.exclude)]
        if request.placement != "buy_again":
            rests_since = self.today - request.rest_days
            hidden += [item for item, day in self.fresh_purchases.items() if day > rests_since]
            hidden += self.purchases.items[self.purchases.last_day > rests_since].tolist()
        return np.array(hidden, np.int32)
