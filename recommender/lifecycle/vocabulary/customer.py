"""All that a lifecycle decision may go by: a customer's events, what models say, and the goods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from features.live.customer_facts import CustomerState
from recommender.customers.tiers import TierPlan
from recommender.lifecycle.vocabulary.settings import Settings


class Good(NamedTuple):
    """A product as it is now, and its news. price NaN: unknown; times epoch ms, 0: never.

    price_before: until it fell, at dropped_ms; out_ms, back_ms: when it was last sold out, and there again.
    """

    price: float
    in_stock: bool
    price_before: float = 0.0
    dropped_ms: int = 0
    out_ms: int = 0
    back_ms: int = 0


class Goods(Protocol):
    """What the shop sells."""

    def good(self, product_id: str) -> Good | None:
        """None: not a product that may be shown."""


class Refill(NamedTuple):
    """A product that a customer buys again: how often so far, the day of the last time (since 1970), when the
    next is expected, the usual gap, and the chance that they buy it again at all."""

    product_id: str
    orders: int
    last_day: int
    due_day: float
    gap_days: float
    chance: float


class Worth(NamedTuple):
    """Money of all orders, their number, churn risk (0 to 1) and the share of customers who spent more.

    last_order_ms: 0: none. spend_before: without the newest order; None where that is not known.
    """

    revenue: float
    orders: int
    churn_risk: float
    rank: float
    last_order_ms: int
    spend_before: float | None = None


class Contact(NamedTuple):
    """Something that they were sent."""

    at_ms: int
    id: str


class Waiting(NamedTuple):
    """A trigger that was handed out and is not too late yet. keys: its occasions."""

    id: str
    at_ms: int
    keys: tuple[str, ...]
    expires_ms: int


class Person(NamedTuple):
    """What the history told of somebody: consent to e-mail (None: nothing), country. Live events go first."""

    email: bool | None = None
    country: str | None = None


NOBODY, NOBODYS = Person(), Worth(0.0, 0, 0.0, 1.0, 0)


@dataclass(frozen=True)
class Customer:
    """done: key of each occasion that was handed out -> when, epoch ms. began_ms: since when the shop writes
    to customers by its present settings; 0: for long."""

    id: str
    life: CustomerState
    goods: Goods
    person: Person = NOBODY
    worth: Worth = NOBODYS
    refills: tuple[Refill, ...] = ()
    done: Mapping[str, int] = field(default_factory=dict)
    contacts: tuple[Contact, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    tiers: TierPlan = field(default_factory=TierPlan)
    began_ms: int = 0

    def consents(self, channel: str) -> bool | None:
        """The latest word; None: they never said."""
        said = self.life.consents(channel)
        return self.person.email if said is None and channel == "email" else said

    def ordered_since(self, at_ms: int) -> bool:
        """Whether they ordered at that moment or later."""
        return self.worth.last_order_ms >= at_ms > 0

    def sold(self, products: tuple[str, ...], settings: Settings) -> tuple[str, ...]:
        """Those of the products that can be bought now, as many as a message holds."""
        goods = {product: self.goods.good(product) for product in products}
        found = [product for product, good in goods.items() if good is not None and good.in_stock]
        return tuple(found[: settings.products])
