"""A request for recommendations, and the same in rows of a bundle."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal, get_args

import msgspec
import numpy as np

from features.live.shopper_state import ShopperLog, ShopperState
from features.time_units import DAY_MS, DAY_S
from recommender.arrays.dtypes import Int32s
from recommender.arrays.tables import PurchaseRow
from recommender.context.shopper_log import MOST_VIEWED, LiveView, LogOwner, live_view
from recommender.filters.syntax import Filter
from recommender.model.bundle import Bundle

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

REPEAT_SUPPRESSION_DAYS = 14
NEVER_HIDDEN = 1 << 30  # a day that does not come: no purchase is later
NO_ACTIVITY = ShopperState()


class Request(msgspec.Struct, frozen=True):
    """One request for recommendations. `now` is epoch seconds; ids are the shop's own.

    repeat_suppression_days: for so long what was bought is hidden, except from `buy_again`; candidates: the
    only products to answer, in the order to keep where nothing is known. Of these only `exclude` is hidden;
    offset: how many of the best are left out; language: of the reasons, as `reasons.language.known_tag`
    gives it.
    """

    placement: Placement
    now: float
    shopper: ShopperState | ShopperLog = NO_ACTIVITY
    customer_id: str | None = None
    product_id: str | None = None
    cart: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    category: str | None = None
    min_price: float | None = None
    max_price: float | None = None
    in_stock: bool = True
    repeat_suppression_days: int = REPEAT_SUPPRESSION_DAYS
    filter: Filter | None = None
    candidates: tuple[str, ...] = ()
    country: str | None = None
    offset: int = 0
    language: str = "en"

    @property
    def filtered(self) -> bool:
        """Whether it asks for less, or more, than all products that can be sold."""
        return not (
            self.in_stock
            and self.category is None
            and self.min_price is None
            and self.max_price is None
            and self.filter is None
            and not self.candidates
        )


class Situation:
    """A request in rows of one bundle; unknown ids are left out, an unknown product or customer is NO_ROW.

    today: days since 1970; cart: the one named in the request, else the one that live events filled; viewed:
    the page's product, then what was viewed before, newest first; fresh_purchases: item -> day of what was
    bought since the bundle was trained, newest first; trained_until_ms: what arrived of this customer until
    then is in the bundle; hidden: what this answer must not show, as it is in view, in the cart, excluded or
    bought lately. cart, viewed and hidden are int32. among: the few products that the answer can hold, where
    there are few, for sources that can score each of them. computed: what one source has worked out for
    others that ask for it, too, by name.
    """

    def __init__(self, request: Request, bundle: Bundle) -> None:
        tables = bundle.tables
        self.request, self.bundle = request, bundle
        self.computed: dict[str, Any] = {}
        self.among: Int32s | None = None
        self.today = int(request.now // DAY_S)
        self.product = tables.products.row(request.product_id)
        self.customer = tables.customers.row(request.customer_id)
        n_trained = tables.purchases.number(self.customer)
        self.trained_until_ms = bundle.manifest.data_until_ms if n_trained else 0
        named_cart = tables.products.rows(request.cart) if request.cart else []
        named = [*named_cart, *tables.products.rows(request.exclude)] if request.exclude else named_cart
        suppressed = self.today - request.repeat_suppression_days
        hidden_since = NEVER_HIDDEN if request.placement == "buy_again" else suppressed
        log, view = request.shopper, None
        if isinstance(log, ShopperLog):
            owner = LogOwner(self.customer, self.product, self.trained_until_ms, hidden_since)
            view = live_view(log.entries, tables.products, tables.purchases, owner, named)
        self.fresh_purchases = {} if view else self._fresh_purchases()  # a log with any is folded
        self.viewed, live_cart, self.hidden = view or self._folded(named, hidden_since)
        self.cart = np.array(named_cart, np.int32) if request.cart else live_cart
        if request.candidates:
            self.hidden = np.array(tables.products.rows(request.exclude), np.int32)

    def _fresh_purchases(self) -> dict[int, int]:
        fresh: dict[int, int] = {}
        for purchase in self.shopper.purchased_since(self.trained_until_ms):
            day = purchase.at_ms // DAY_MS
            for item in self.bundle.tables.products.rows(purchase.product_ids):
                fresh.setdefault(item, day)
        return fresh

    def _folded(self, named: Sequence[int], hidden_since: int) -> LiveView:
        """As `live_view`, from the folded log."""
        rows, bought, shopper = self.bundle.tables.products.rows, self.purchases, self.shopper
        cart, page = rows(shopper.cart), [self.product] if self.product >= 0 else []
        fresh = [item for item, day in self.fresh_purchases.items() if day > hidden_since]
        lately = bought.items[bought.last_day > hidden_since].tolist()
        viewed = list(dict.fromkeys([*page, *rows(shopper.viewed)]))[:MOST_VIEWED]
        hidden = [*named, *cart, *fresh, *page, *lately]
        return LiveView(*(np.array(each, np.int32) for each in (viewed, cart, hidden)))

    @cached_property
    def shopper(self) -> ShopperState:
        """What the shopper did lately, in the shop's own ids."""
        shopper = self.request.shopper
        return shopper.fold() if isinstance(shopper, ShopperLog) else shopper

    @property
    def purchases(self) -> PurchaseRow:
        """This customer's purchases in the bundle."""
        return self.bundle.tables.purchases.of(self.customer)

    @cached_property
    def last_bought(self) -> dict[int, int]:
        """Item -> day, of the bundle's purchases and the fresh ones."""
        return self.bundle.tables.purchases.days(self.customer) | self.fresh_purchases

    @cached_property
    def last_order(self) -> list[int]:
        """What was bought last, live or in the history."""
        if self.fresh_purchases:
            newest = max(self.fresh_purchases.values())
            return [item for item, day in self.fresh_purchases.items() if day == newest]
        items, last_day = self.purchases.items, self.purchases.last_day
        return [int(item) for item in items[last_day == last_day.max()]] if len(items) else []
