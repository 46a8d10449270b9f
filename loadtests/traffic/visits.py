"""What shoppers do in a shop, request by request. Pure: the random numbers are an argument."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random
from typing import Any, NamedTuple
from urllib.parse import urlencode
from urllib.request import urlopen
from uuid import UUID

DEMO_CUSTOMERS = 6_000  # the demo numbers its own from c-00001; those beyond its size are answered as unknown
SEARCHES, ADDS, BUYS = 0.3, 0.3, 0.2  # chances at each product looked at; of a filled cart at the end


class Call(NamedTuple):
    """One request. `name` is its route, and the placement where there is one."""

    name: str
    path: str
    body: dict[str, Any] | None = None


@dataclass(frozen=True)
class ShopOnSale:
    """The products on sale, and how the looks at them spread: by a power law, as in any shop."""

    product_ids: Sequence[str]
    prices: Sequence[float]
    words: Sequence[str]
    heaviness: Sequence[float]

    @classmethod
    def of(cls, shop: dict[str, Any], exponent: float = 1.0) -> ShopOnSale:
        """From `/demo/shop.json`; the n-th product is looked at n^-exponent times as often as the first."""
        products = shop["products"]
        weights = [(rank + 1) ** -exponent for rank in range(len(products))]
        return cls(
            [product["product_id"] for product in products],
            [product["price"] for product in products],
            [category["name"] for category in shop["categories"]],
            list(accumulate(weights)),
        )

    def product(self, rng: Random) -> int:
        """A product's index in the lists."""
        return rng.choices(range(len(self.product_ids)), cum_weights=self.heaviness)[0]


def shop_at(url: str) -> ShopOnSale:
    """The shop that a server sells from. OSError where none answers."""
    with urlopen(f"{url}/demo/shop.json", timeout=10) as answer:  # noqa: S310 - the caller's own server
        return ShopOnSale.of(json.load(answer))


def visits(shop: ShopOnSale, rng: Random) -> Iterator[Call]:
    """One visit after another, each by somebody else, without end."""
    while True:
        yield from visit(shop, rng)


def visit(shop: ShopOnSale, rng: Random) -> Iterator[Call]:
    """Home, some products, perhaps a search, a cart and an order. Half of the visitors are known."""
    who = {"anonymous_id": f"a-{rng.getrandbits(48):012x}"}
    if rng.random() < 0.5:
        who["customer_id"] = customer(rng)
    cart: list[int] = []
    yield ask("home", who)
    for _ in range(rng.randint(1, 6)):
        if rng.random() < SEARCHES:
            yield tell(rng, who, "search", query=rng.choice(shop.words))
        product = shop.product(rng)
        product_id = shop.product_ids[product]
        yield tell(rng, who, "view", product_id=product_id)
        yield ask("product_complements", who, product_id=product_id)
        if rng.random() < ADDS:
            cart.append(product)
            yield tell(rng, who, "add_to_cart", product_id=product_id, quantity=1)
            yield ask("cart", who, cart=",".join(shop.product_ids[each] for each in cart))
    if cart and rng.random() < BUYS:
        items = [
            {"product_id": shop.product_ids[each], "quantity": 1, "unit_price": shop.prices[each]}
            for each in cart
        ]
        yield tell(rng, who, "purchase", order={"order_id": f"o-{rng.getrandbits(48):012x}", "items": items})


def campaign(rng: Random) -> Iterator[Call]:
    """An e-mail a customer, without end."""
    while True:
        yield ask("email", {"customer_id": customer(rng)})


def customer(rng: Random) -> str:
    return f"c-{rng.randint(1, DEMO_CUSTOMERS):05d}"


def ask(placement: str, who: dict[str, str], **context: str) -> Call:
    query = urlencode({"placement": placement, **who, **context})
    return Call(f"/v1/recommendations {placement}", f"/v1/recommendations?{query}")


def tell(rng: Random, who: dict[str, str], kind: str, **event: Any) -> Call:
    event_id = str(UUID(int=rng.getrandbits(128)))
    return Call("/v1/events", "/v1/events", {"event_id": event_id, "type": kind, **who, **event})
