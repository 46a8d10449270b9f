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
from recommender.context.campaigns import Campaign
from recommender.context.shopper_log import MOST_VIEWED, LiveView, LogOwner, live_view
from recommender.filters.syntax import Filter
from recommender.kernels.order import MOST_ALIKE, write_alike
from recommender.model.bundle import Bundle

Placement = Literal[
    "home",
    "next_order",
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
PURPOSE_OF_CAMPAIGN: dict[Campaign, str] = {
    "newsletter": "newsletter",
    "reorder": "buy_again",
    "win_back": "win_back",
    "post_purchase": "post_purchase",
    "cross_sell": "cross_sell",
    "welcome": "home",
}
_BY_PLACEMENT = (placement for placement in PLACEMENTS if placement != "email")
PURPOSES = tuple(dict.fromkeys([*_BY_PLACEMENT, *PURPOSE_OF_CAMPAIGN.values()]))
"""What answers are for: of e-mails by campaign."""

Repeats = Literal["all"] | float
"""How much of an answer is products that the customer has bought before: "all" as they come, favourites and
new alike; else a share of the answer from 0, only new ones, to 1."""
REPEATS: dict[str, Repeats] = {
    "home": 0.5,
    "post_purchase": 0.0,
    "newsletter": 0.0,
    "win_back": 0.0,
    "cross_sell": 0.0,
}
"""By purpose, where a request does not say it; of all others "all", which for `buy_again` are favourites."""

ALWAYS = 1 << 20  # days of rest that do not end
NO_ACTIVITY = ShopperState()


class Request(msgspec.Struct, frozen=True):
    """One request for recommendations. `now` is epoch seconds; ids are the shop's own.

    rest_days: for so long what was bought is hidden; None: as long as the model says of each product, and for
    favourites not at all; repeats: None for those of the purpose; campaign: what an `email` is for;
    candidates: the only products to answer, in the order to keep where nothing is known; of these only
    `exclude` is hidden; offset: how many of the best are left out; language: of the reasons, as
    `reasons.language.known_tag` gives it; titles: the language of titles, however it is spelled, None: the
    customer's own, else the same; country and currency: of prices, None: the customer's own.
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
    rest_days: int | None = None
    repeats: Repeats | None = None
    campaign: Campaign = "newsletter"
    filter: Filter | None = None
    candidates: tuple[str, ...] = ()
    country: str | None = None
    offset: int = 0
    language: str = "en"
    titles: str | None = None
    currency: str | None = None

    @property
    def purpose(self) -> str:
        """One of PURPOSES."""
        return self.placement if self.placement != "email" else PURPOSE_OF_CAMPAIGN[self.campaign]

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
    then is in the bundle; repeats: as in the request, else by the purpose; rest: days for which what was
    bought is hidden, of each item or (1) of all, int32; hidden: what this answer must not show, as it is in
    view, in the cart, excluded, at rest, or instead of this order where the answer goes with it. cart, viewed
    and hidden are int32. among: the few products that the answer can hold, where there are few, for sources
    that can score each of them. computed: what one source has worked out for others that ask for it, too, by
    name.
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
        purpose = request.purpose
        usual: Repeats = "all" if request.candidates else REPEATS.get(purpose, "all")
        self.repeats = usual if request.repeats is None else request.repeats
        self.rest = self._rest(purpose)
        log, view = request.shopper, None
        if isinstance(log, ShopperLog):
            owner = LogOwner(self.customer, self.product, self.trained_until_ms, self.today)
            view = live_view(log.entries, tables.products, tables.purchases, owner, self.rest, named)
        self.fresh_purchases = {} if view else self._fresh_purchases()  # a log with any is folded
        self.viewed, live_cart, self.hidden = view or self._folded(named)
        self.cart = np.array(named_cart, np.int32) if request.cart else live_cart
        if self.goes_with_order:
            self.hidden = np.concatenate([self.hidden, self.instead_of_order()])
        if request.candidates:
            self.hidden = np.array(tables.products.rows(request.exclude), np.int32)

    def _rest(self, purpose: str) -> Int32s:
        """Favourites do not rest unless the request says so; where there are no repeats all rest for ever."""
        days = self.request.rest_days
        if self.repeats == 0:
            days = ALWAYS
        elif days is None and purpose == "buy_again":
            days = 0
        return self.bundle.tables.product.rest_days if days is None else np.array([days], np.int32)

    def _fresh_purchases(self) -> dict[int, int]:
        fresh: dict[int, int] = {}
        for purchase in self.shopper.purchased_since(self.trained_until_ms):
            day = purchase.at_ms // DAY_MS
            for item in self.bundle.tables.products.rows(purchase.product_ids):
                fresh.setdefault(item, day)
        return fresh

    def _folded(self, named: Sequence[int]) -> LiveView:
        """As `live_view`, from the folded log."""
        rows, bought, shopper = self.bundle.tables.products.rows, self.purchases, self.shopper
        cart, page = rows(shopper.cart), [self.product] if self.product >= 0 else []
        fresh = [item for item, day in self.fresh_purchases.items() if self.rests(item, day)]
        lately = bought.items[self.rests(bought.items, bought.last_day)].tolist()
        viewed = list(dict.fromkeys([*page, *rows(shopper.viewed)]))[:MOST_VIEWED]
        hidden = [*named, *cart, *fresh, *page, *lately]
        return LiveView(*(np.array(each, np.int32) for each in (viewed, cart, hidden)))

    @property
    def goes_with_order(self) -> bool:
        """Whether the answer is about an order, and shows nothing in its place."""
        return self.request.purpose == "post_purchase"

    def instead_of_order(self) -> Int32s:
        """The products of the order, and of each those most like it, and of its category."""
        tables, order = self.bundle.tables, self.order
        rows = np.empty(len(order) * (1 + MOST_ALIKE), np.int32)
        return rows[: write_alike(order, tables.similar.columns, tables.product.category, rows)]

    def rests(self, items: Any, last_day: Any) -> Any:
        """Whether what was bought on that day (since 1970) is not shown again yet; of one item or many."""
        return last_day > self.today - self.rest[items if len(self.rest) > 1 else 0]

    @cached_property
    def shopper(self) -> ShopperState:
        """What the shopper did lately, in the shop's own ids."""
        shopper = self.request.shopper
        return shopper.fold() if isinstance(shopper, ShopperLog) else shopper

    @cached_property
    def purchases(self) -> PurchaseRow:
        """This customer's purchases in the bundle."""
        return self.bundle.tables.purchases.of(self.customer)

    @cached_property
    def last_bought(self) -> dict[int, int]:
        """Item -> day, of the bundle's purchases and the fresh ones."""
        return self.bundle.tables.purchases.days(self.customer) | self.fresh_purchases

    @property
    def is_live(self) -> bool:
        """Whether anything is known of what the shopper does right now."""
        return len(self.viewed) > 0 or len(self.cart) > 0

    @property
    def repeats_share(self) -> float:
        """The share of an answer that is to be products bought before; 0 where no share is kept."""
        return self.repeats if self.repeats != "all" else 0.0

    @cached_property
    def owned(self) -> Int32s:
        """What this customer has bought, in the bundle and since."""
        trained = self.purchases.items
        fresh = self.fresh_purchases
        return np.concatenate([trained, np.fromiter(fresh, np.int32, len(fresh))]) if fresh else trained

    @cached_property
    def order(self) -> Int32s:
        """The order that an answer goes with: the cart named in the request, else what was bought last."""
        return self.cart if self.request.cart else self.last_order

    @cached_property
    def last_order(self) -> Int32s:
        """What was bought last, live or in the history."""
        if self.fresh_purchases:
            newest = max(self.fresh_purchases.values())
            return np.array([item for item, day in self.fresh_purchases.items() if day == newest], np.int32)
        items, last_day = self.purchases.items, self.purchases.last_day
        return items[last_day == last_day.max()] if len(items) else items
