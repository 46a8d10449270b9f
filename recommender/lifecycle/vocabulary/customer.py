"""The inputs of a lifecycle decision: a customer's events, what models say of them, and products."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from features.live.customer_facts import CustomerState
from recommender.customers.tiers import TierPlan
from recommender.lifecycle.vocabulary.settings import Settings


class LiveProduct(NamedTuple):
    """A product as it is now, and its last changes. price NaN: unknown; times epoch ms, 0: never.

    price_before: until it fell, at dropped_ms; out_ms, back_ms: when it was last sold out, and back again.
    """

    price: float
    in_stock: bool
    price_before: float = 0.0
    dropped_ms: int = 0
    out_ms: int = 0
    back_ms: int = 0


class ProductLookup(Protocol):
    """The shop's products."""

    def live_product(self, product_id: str) -> LiveProduct | None:
        """None: not a product that may be shown."""

    def category(self, product_id: str) -> str | None:
        """None: it has none, or nobody knows the product."""


class RefillForecast(NamedTuple):
    """A product that a customer buys again: how often so far, the day of the last time (since 1970), when the
    next is expected, the usual gap, and the chance that they buy it again at all."""

    product_id: str
    orders: int
    last_day: int
    due_day: float
    gap_days: float
    chance: float


class CustomerStats(NamedTuple):
    """Money of all orders, their number, churn risk (0 to 1) and the share of customers who spent more.

    last_order_ms: 0: none. spend_before: without the newest order; None where that is not known.
    """

    revenue: float
    orders: int
    churn_risk: float
    rank: float
    last_order_ms: int
    spend_before: float | None = None


class SentMessage(NamedTuple):
    """A message that they were sent."""

    at_ms: int
    id: str


class WaitingTrigger(NamedTuple):
    """A trigger that was created and has not expired. keys: its occasions."""

    id: str
    at_ms: int
    keys: tuple[str, ...]
    expires_ms: int


class Person(NamedTuple):
    """From the history: consent to e-mail (None: not known), country. Live events override both."""

    email: bool | None = None
    country: str | None = None


UNKNOWN_PERSON, NO_ORDERS = Person(), CustomerStats(0.0, 0, 0.0, 1.0, 0)


@dataclass(frozen=True)
class Customer:
    """done: key of each occasion that got a message -> when, epoch ms. began_ms: since when the shop's
    present message settings apply; 0: for long."""

    id: str
    state: CustomerState
    products: ProductLookup
    person: Person = UNKNOWN_PERSON
    stats: CustomerStats = NO_ORDERS
    refills: tuple[RefillForecast, ...] = ()
    done: Mapping[str, int] = field(default_factory=dict)
    contacts: tuple[SentMessage, ...] = ()
    waiting: tuple[WaitingTrigger, ...] = ()
    tiers: TierPlan = field(default_factory=TierPlan)
    began_ms: int = 0

    def consents(self, channel: str) -> bool | None:
        """Their latest consent or refusal; None: neither."""
        consent = self.state.consents(channel)
        return self.person.email if consent is None and channel == "email" else consent

    def ordered_since(self, at_ms: int) -> bool:
        """Whether they ordered at that moment or later."""
        return self.stats.last_order_ms >= at_ms > 0

    def sold(self, products: tuple[str, ...], settings: Settings) -> tuple[str, ...]:
        """Those of the products that can be bought now, at most as many as fit in a message."""
        live = {product: self.products.live_product(product) for product in products}
        sellable = [name for name, product in live.items() if product is not None and product.in_stock]
        return tuple(sellable[: settings.products])
