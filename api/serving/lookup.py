"""Products and customers by what somebody types."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import msgspec
import numpy as np

from api.schemas.lookup import CustomerFound, Neighbour, ProductAnswer, ProductFound
from api.serving.service import Service
from features.catalogue.stock_and_price import is_in_stock, price_to_pay
from features.time_units import DAY_S
from recommender.arrays.id_map import NO_ROW
from recommender.arrays.tables import Neighbours, Ranking
from recommender.model.bundle import Tables
from recommender.product_search import ProductSearch, words_of
from recommender.recommend import Recommender

NEIGHBOURS_SHOWN = 8
LN_2 = float(np.log(2))


class KeptSearch:
    """The search over the products of the model that answers, made when somebody searches first."""

    def __init__(self) -> None:
        self._of: tuple[Tables, ProductSearch] | None = None

    def products(self, service: Service, query: str, own_id: str, limit: int) -> list[ProductFound]:
        """The one with this id, then those of the model, then those that only live changes tell of."""
        recommender = service.recommender
        named = product_found(service, own_id)
        found = [named] if named else []
        found += self._known(recommender, query, limit) if recommender else ()
        return [*{each.product_id: each for each in [*found, *_new(service, query)]}.values()][:limit]

    def _known(self, recommender: Recommender, query: str, limit: int) -> Iterator[ProductFound]:
        tables = recommender.bundle.tables
        if self._of is None or self._of[0] is not tables:
            self._of = tables, ProductSearch(tables)
        for item in self._of[1].find(query, recommender.availability, limit):
            yield ProductFound(**_product(recommender, item))


def product_found(service: Service, product_id: str) -> ProductFound | None:
    """By its own id; None where nobody knows it."""
    recommender, changes = service.recommender, service.changes.get(product_id)
    item = recommender.bundle.tables.products.row(product_id) if recommender else NO_ROW
    if recommender is not None and item != NO_ROW:
        return ProductFound(**_product(recommender, item))
    return None if changes is None else ProductFound(**_told(product_id, changes))


def product_answer(service: Service, product_id: str) -> ProductAnswer | None:
    """By its own id; None where nobody knows it."""
    recommender, changes = service.recommender, service.changes.get(product_id)
    item = recommender.bundle.tables.products.row(product_id) if recommender else NO_ROW
    if recommender is None or item == NO_ROW:
        return None if changes is None else ProductAnswer(**_told(product_id, changes))
    tables, shelf = recommender.bundle.tables, recommender.availability
    price, cost = float(shelf.price[item]), float(shelf.cost[item])
    category, brand = int(tables.product.category[item]), int(tables.product.brand[item])
    return ProductAnswer(
        **_product(recommender, item),
        url=_card(recommender, item).get("url"),
        category=tables.categories.name(category) if category >= 0 else None,
        brand=tables.brands.name(brand) if brand >= 0 else None,
        stock=(changes or {}).get("stock"),
        margin=round(1 - cost / price, 3) if price > 0 and np.isfinite(cost) else None,
        orders_a_month=_orders_a_month(tables.popular, item),
        since=_day(int(tables.product.first_day[item])),
        bought_again=round(float(tables.product.repeat_rate[item]), 3),
        similar=_near(recommender, tables.similar, item),
        complements=_near(recommender, tables.complements, item),
        upgrades=_near(recommender, tables.upgrades, item),
    )


def customers_beginning(service: Service, prefix: str, limit: int) -> list[CustomerFound]:
    """Customers of the model whose ids begin so, those with most orders first."""
    if service.recommender is None:
        return []
    tables = service.recommender.bundle.tables
    rows = tables.customers.names.beginning_with(prefix.encode())
    if tables.people is not None:
        rows = rows[np.argsort(-tables.people.facts.orders[rows], kind="stable")]
    names = map(tables.customers.name, rows[: 2 * limit].tolist())
    known = [name for name in names if service.customer(name) == name]
    return [customer_found(service, name, "beginning") for name in known[:limit]]


def customer_found(service: Service, customer_id: str, by: Any) -> CustomerFound:
    """A customer with what training knows of them. by: as in CustomerFound."""
    people = service.recommender.bundle.tables.people if service.recommender else None
    row = service.recommender.bundle.tables.customers.row(customer_id) if service.recommender else -1
    if people is None or row < 0:
        return CustomerFound(customer_id, by, 0, 0.0, None, None)
    facts = people.facts
    return CustomerFound(
        customer_id,
        by,
        orders=int(facts.orders[row]),
        revenue=round(float(facts.revenue[row]), 2),
        currency=facts.word(facts.currency, row),
        last_order=_day(int(facts.last[row]) // DAY_S),
    )


def _product(recommender: Recommender, item: int) -> dict[str, Any]:
    tables, shelf, card = recommender.bundle.tables, recommender.availability, _card(recommender, item)
    return {
        "product_id": tables.products.name(item),
        "title": card.get("title"),
        "price": card.get("price"),
        "currency": card.get("currency"),
        "image_url": card.get("image_url"),
        "known": True,
        "shown": bool(shelf.offered[item]),
        "in_stock": bool(shelf.in_stock[item]),
        "buyers": int(tables.product.buyers[item]),
    }


def _card(recommender: Recommender, item: int) -> dict[str, Any]:
    card = recommender.availability.card(recommender.bundle.tables, item)
    fields: dict[str, Any] = msgspec.json.decode(b"{%b}" % card)
    return fields


def _new(service: Service, query: str) -> Iterator[ProductFound]:
    """Products that live changes alone tell of, with words that begin so."""
    words = words_of(query)
    row = service.recommender.bundle.tables.products.row if service.recommender else lambda _: NO_ROW
    for product_id, changes in service.changes.items() if words else ():
        if row(product_id) == NO_ROW:
            text = " " + " ".join(words_of(f"{product_id} {changes.get('title') or ''}"))
            if all(f" {word}" in text for word in words):
                yield ProductFound(**_told(product_id, changes))


def _told(product_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a ProductFound that the model does not know."""
    fields = {name: changes.get(name) for name in ("title", "currency", "image_url")}
    in_stock = is_in_stock(changes, before=True)
    price = price_to_pay(changes)
    own = {"product_id": product_id, "price": price, "known": False, "shown": False, "in_stock": in_stock}
    return {**fields, **own, "buyers": 0}


def _near(recommender: Recommender, neighbours: Neighbours, item: int) -> list[Neighbour]:
    row = neighbours.row(item)
    pairs = zip(neighbours.items[row].tolist(), neighbours.together[row].tolist(), strict=True)
    near = [Neighbour(**_product(recommender, other), together=together) for other, together in pairs]
    return [each for each in near if each.shown][:NEIGHBOURS_SHOWN]


def _orders_a_month(popular: Ranking, item: int) -> float:
    """At the pace of late: orders that count half after each month add up to a month's over ln 2."""
    at = np.flatnonzero(popular.items == item)
    return round(float(popular.scores[at[0]]) * LN_2, 1) if len(at) else 0.0


def _day(days: int) -> date | None:
    """days: since 1970; None before."""
    return date(1970, 1, 1) + timedelta(days) if days > 0 else None
