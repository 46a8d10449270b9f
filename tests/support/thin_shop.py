"""A young shop: tastes, companions, repeats and best sellers, but few orders of each."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl

from features.catalogue.products import schema
from recommender.context.request import Request
from training.data.history import History, history_of
from training.measure.compare import Case

KINDS = (
    "Coffee",
    "Tea",
    "Honey",
    "Soap",
    "Mug",
    "Pot",
    "Kettle",
    "Towel",
    "Lamp",
    "Bowl",
    "Candle",
    "Basket",
)
COLOURS = ("Red", "Blue", "Green", "Pink", "White", "Black", "Grey", "Gold", "Brown", "Ivory")
CONSUMABLE = 4  # kinds that are bought again
FIRST_DAY, DAY_S, LATER = 20_000, 86_400, 200


class ThinShop(NamedTuple):
    """The orders to learn from, the catalogue, and the 200 orders that follow: (customer, epoch s, items)."""

    history: History
    catalogue: pl.DataFrame
    later: list[tuple[str, float, list[str]]]


def thin_shop(orders: int, days: float, seed: int) -> ThinShop:
    """Orders within so many days; the later ones come at the same pace."""
    rng = np.random.default_rng(seed)
    ids = [f"{kind}-{colour}".lower() for kind in KINDS for colour in COLOURS]
    everything = list(_orders(orders + LATER, days * (orders + LATER) / max(orders, 1), ids, rng))
    lines = [
        {"customer_id": customer, "product_id": product, "order_id": f"o{n}", "timestamp": int(at)}
        for n, (customer, at, products) in enumerate(everything[:orders])
        for product in products
    ]
    columns = {
        "customer_id": pl.String,
        "product_id": pl.String,
        "order_id": pl.String,
        "timestamp": pl.Int64,
    }
    catalogue = pl.DataFrame(
        {
            "product_id": ids,
            "title": [f"{colour} {kind}" for kind in KINDS for colour in COLOURS],
            "category": [kind for kind in KINDS for _ in COLOURS],
            "price": np.round(rng.lognormal(2.5, 0.5, len(ids)), 2),
        }
    )
    catalogue = pl.concat([pl.DataFrame(schema=schema()), catalogue], how="diagonal").with_columns(
        is_product=pl.lit(value=True), retired=pl.lit(value=False)
    )
    history = history_of(pl.DataFrame(lines, columns), catalogue["product_id"])
    return ThinShop(history, catalogue, everything[orders:])


def _orders(
    n: int, days: float, ids: list[str], rng: np.random.Generator
) -> Iterator[tuple[str, float, list[str]]]:
    """Customers like a few kinds and buy what they know of the consumable ones; best sellers sell best."""
    popularity = rng.permutation(1 / np.arange(1, len(ids) + 1))
    tastes = rng.dirichlet(np.full(len(KINDS), 0.3), n // 2)
    known: dict[int, list[int]] = {}
    last: dict[int, list[int]] = {}

    def companion(item: int) -> int:
        """The next kind in the same colour goes with it, at once or in the next order."""
        return (item + len(COLOURS)) % len(ids)

    for at in np.sort(rng.uniform(0, days, n)):
        customer = int(n // 2 * rng.random() ** 2)
        chance = popularity * np.repeat(tastes[customer] + 0.02, len(COLOURS))
        basket = [int(each) for each in rng.choice(len(ids), rng.integers(1, 3), p=chance / chance.sum())]
        liked = known.setdefault(customer, [])
        if liked and rng.random() < 0.5:
            basket[0] = int(rng.choice(liked))
        if customer in last and rng.random() < 0.4:
            basket[-1] = companion(int(rng.choice(last[customer])))
        if rng.random() < 0.5:
            basket.append(companion(basket[0]))
        last[customer] = basket
        liked += [item for item in basket if item < CONSUMABLE * len(COLOURS)]
        yield f"c{customer}", (FIRST_DAY + at) * DAY_S, [ids[item] for item in dict.fromkeys(basket)]


def questions(shop: ThinShop) -> dict[str, list[Case]]:
    """What each placement would have been asked before the later orders, and what was then bought."""
    row = {name: number for number, name in enumerate(shop.history.product_ids)}
    history, cases = shop.history, dict[str, list[Case]]()
    known, lines = set(history.customer_ids), history.purchases
    bought = {
        (history.customer_ids[customer], history.product_ids[item])
        for customer, item in zip(lines.customer.tolist(), lines.item.tolist(), strict=True)
    }

    def ask(case: str, request: Request, wanted: list[str]) -> None:
        cases.setdefault(case, []).append(Case(request, np.array([row[each] for each in wanted], np.int32)))

    for customer, at, products in shop.later:
        home = Request("home", at, customer_id=customer)
        if customer not in known:
            ask("home", home, products)
        else:
            ask("next_order", msgspec.structs.replace(home, placement="next_order"), products)
            if unknown := [product for product in products if (customer, product) not in bought]:
                ask("email", msgspec.structs.replace(home, placement="email"), unknown)
            ask("post_purchase", msgspec.structs.replace(home, placement="post_purchase"), products)
        if len(products) > 1:
            *cart, last = products
            ask("cart", msgspec.structs.replace(home, placement="cart", cart=tuple(cart)), [last])
            first, *others = products
            ask("product_complements", Request("product_complements", at, product_id=first), others)
    return cases
