"""The shapes of questions and answers about looking up products and customers."""

from datetime import date
from typing import Annotated, Literal

import msgspec

Few = Annotated[int, msgspec.Meta(ge=1, le=100)]


class SearchAsk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """q: what was typed; limit: how many answers at most."""

    q: Annotated[str, msgspec.Meta(max_length=200)]
    limit: Few = 20


class ProductFound(msgspec.Struct, frozen=True):
    """A product as it stands. known: whether the model has learned of it; shown: whether it may be shown at
    all; buyers: as of the last training."""

    product_id: str
    title: str | None
    price: float | None
    currency: str | None
    image_url: str | None
    known: bool
    shown: bool
    in_stock: bool
    buyers: int


class ProductsFound(msgspec.Struct, frozen=True):
    """Best first."""

    products: list[ProductFound]


class Neighbour(ProductFound, frozen=True):
    """A product near another one. together: how many customers bought or viewed both."""

    together: int


class ProductAnswer(ProductFound, frozen=True):
    """A product, and what is near it. stock: where a live change said it; margin: share of the price;
    orders_a_month: at the pace of late; since: when it was first there; bought_again: share of its buyers;
    similar: of its kind; complements: what is bought with it; upgrades: better ones."""

    url: str | None = None
    category: str | None = None
    brand: str | None = None
    stock: float | None = None
    margin: float | None = None
    orders_a_month: float = 0.0
    since: date | None = None
    bought_again: float = 0.0
    similar: list[Neighbour] = []
    complements: list[Neighbour] = []
    upgrades: list[Neighbour] = []


class CustomerFound(msgspec.Struct, frozen=True):
    """A customer. by: how they were found: `id`, `address` (of e-mail, or a telephone number), or `beginning`
    of their id; orders, revenue, last_order: as of the last training."""

    customer_id: str
    by: Literal["id", "address", "beginning"]
    orders: int
    revenue: float
    currency: str | None
    last_order: date | None


class CustomersFound(msgspec.Struct, frozen=True):
    """Best first."""

    customers: list[CustomerFound]
