"""Which products may be shown now, at which price: the bundle's products after the shop's live changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import msgspec
import numpy as np

from features.catalogue.stock_and_price import is_in_stock, price_to_pay
from recommender.arrays.dtypes import Bools, Float32s
from recommender.arrays.id_map import CACHE_SIZE
from recommender.model.bundle import Tables
from recommender.model.live_attributes import LiveAttributes, live_attributes
from recommender.model.local_table import BY_NAME, HOME_MARKET, NOTHING_LOCAL, Local, Market, Names, names_in


class Shown(NamedTuple):
    """A product as it appears in answers: its id, and its JSON fields, each followed by a comma."""

    product_id: str
    fields: str


CATEGORY_SEPARATOR = " > "
SHOWN_FIELDS = ("title", "price", "currency", "url", "image_url")


@dataclass(frozen=True)
class Availability:
    """An immutable view of all products; a change makes a new one.

    offered and in_stock: (n_items) bool; price and cost: (n_items) float32, NaN where unknown; cards: the
    product cards, and attributes, that differ from the bundle's; local: what the shop said since training of
    products in other languages and markets; market: the one that prices and cards are of; masks: cache of
    `filters.masks`.
    """

    offered: Bools
    in_stock: Bools
    price: Float32s
    cost: Float32s
    cards: Mapping[int, bytes]
    attributes: Mapping[int, LiveAttributes] = field(default_factory=dict)
    local: Mapping[int, Local] = field(default_factory=dict)
    market: Market = HOME_MARKET
    masks: dict[Any, Bools] = field(default_factory=dict, init=False, repr=False)
    _shown: dict[int, Shown] = field(default_factory=dict, init=False, repr=False)
    _assumed: dict[tuple[tuple[str, float], ...], Availability] = field(
        default_factory=dict, init=False, repr=False
    )

    @cached_property
    def sellable(self) -> Bools:
        """(n_items): offered and in stock."""
        return self.offered & self.in_stock

    @cached_property
    def margin_share(self) -> float:
        """Margin over price, of all offered products of known cost together; NaN where no cost is known."""
        priced = self.offered & (self.price > 0) & np.isfinite(self.cost)
        return float(1 - self.cost[priced].sum() / self.price[priced].sum()) if priced.any() else float("nan")

    def assuming(self, tables: Tables, margins: Mapping[str, float]) -> Availability:
        """This view, with the costs that are not known by an assumed share of the price as margin.

        margins: by category, or one above it ("Tea" holds for "Tea > Green"); "*": of all others.
        """
        if not margins:
            return self
        key = tuple(sorted(margins.items()))
        if key not in self._assumed:
            names = map(tables.categories.name, range(len(tables.categories)))
            shares = np.array([*(_assumed_margin(name, margins) for name in names), margins.get("*", np.nan)])
            assumed = self.price * (1 - shares[tables.product.category]).astype(np.float32)
            cost = np.where(np.isfinite(self.cost), self.cost, assumed)
            self._assumed[key] = replace(self, cost=cost)
        return self._assumed[key]

    @classmethod
    def of(cls, tables: Tables) -> Availability:
        """The availability at the time of training."""
        product = tables.product
        return cls(product.recommendable, product.in_stock, product.price, product.cost, {})

    def changed(self, tables: Tables, changes: Mapping[str, Mapping[str, Any]]) -> Availability:
        """The availability after changes (product_id -> new values); unknown products are ignored."""
        if not changes:
            return self  # processes share its arrays, which a copy would duplicate
        offered, in_stock = self.offered.copy(), self.in_stock.copy()
        price, cost = self.price.copy(), self.cost.copy()
        cards, attributes, local = dict(self.cards), dict(self.attributes), dict(self.local)
        for product_id, fields in changes.items():
            item = tables.products.row(product_id)
            if item < 0:
                continue
            cards[item] = _merge_card(self.card(tables, item), fields)
            offered[item] = _is_offered(fields, before=bool(offered[item]))
            in_stock[item] = is_in_stock(fields, before=bool(in_stock[item]))
            price[item] = _price(fields, before=float(price[item]))
            cost[item] = _cost(fields, before=float(cost[item]))
            local.pop(item, None)
            if said := _changed_local(tables, item, fields):
                local[item] = said
            attributes.pop(item, None)
            if tables.attributes and (live := live_attributes(fields, tables.attributes, item)):
                attributes[item] = live
        return Availability(offered, in_stock, price, cost, cards, attributes, local)

    @cached_property
    def local_names(self) -> Names:
        """Languages and markets that the shop named since training."""
        return names_in(self.local.values())

    def in_market(self, tables: Tables, market: Market) -> Availability:
        """This view with the market's prices and cards; a cost in another currency keeps the margin's share.

        tables: the shop's own, not as a market sees them.
        """
        price, cost = self.price.copy(), self.cost.copy()
        foreign = np.zeros(len(price), np.bool_)
        if tables.local is not None:
            view = tables.local.view(tables, market)
            price, foreign = np.where(np.isnan(view.paid), price, view.paid), view.foreign.copy()
        for item, local in self.local.items():
            paid = local.price(market)
            price[item] = paid.price if paid else self.price[item]
            foreign[item] = paid is not None and local.is_foreign(paid)
        cost[foreign] *= price[foreign] / np.where(self.price > 0, self.price, np.nan)[foreign]
        return replace(self, price=price, cost=cost, market=market)

    def card(self, tables: Tables, item: int) -> bytes:
        """JSON fields of a product, without braces. tables: as this view's market sees them."""
        card = self.cards.get(item)
        if card is None:
            return tables.cards[item]
        return (
            card if self.market == HOME_MARKET else local_of(tables, self.local, item).card(card, self.market)
        )

    def show(self, tables: Tables, items: Sequence[int]) -> list[Shown]:
        """Products as they appear in answers. Cached, as most answers show the same few products."""
        shown = self._shown
        return [shown.get(item) or self._show(tables, item) for item in items]

    def _show(self, tables: Tables, item: int) -> Shown:
        product_id, card = tables.products.name(item), self.card(tables, item)
        fields = b'"product_id":%b,%b%b' % (msgspec.json.encode(product_id), card, b"," if card else b"")
        if len(self._shown) >= CACHE_SIZE:
            self._shown.clear()
        shown = self._shown[item] = Shown(product_id, fields.decode())
        return shown


def local_of(tables: Tables, live: Mapping[int, Local], item: int) -> Local:
    """What is said of a product by language and market. live: since training."""
    if item in live:
        return live[item]
    return tables.local.of(item) if tables.local is not None else NOTHING_LOCAL


def _changed_local(tables: Tables, item: int, fields: Mapping[str, Any]) -> Local | None:
    """None: as the bundle has it."""
    if not any(fields.get(name) for name in BY_NAME):
        return None
    trained = local_of(tables, {}, item)
    now = trained.after(fields)
    return None if now == trained else now


def _is_offered(fields: Mapping[str, Any], *, before: bool) -> bool:
    """before: the answer where the fields say neither that it is a product nor that it is retired."""
    if "is_product" in fields or "retired" in fields:
        return fields.get("is_product", True) and not fields.get("retired", False)
    return before


def _price(fields: Mapping[str, Any], *, before: float) -> float:
    return float(price_to_pay(fields) or before)


def _cost(fields: Mapping[str, Any], *, before: float) -> float:
    cost = fields.get("cost", before)
    return float("nan") if cost is None else float(cost)


def _merge_card(card: bytes, fields: Mapping[str, Any]) -> bytes:
    shown = {name: fields[name] for name in SHOWN_FIELDS if name in fields}
    if price := price_to_pay(fields):
        shown["price"] = price
    return msgspec.json.encode({**msgspec.json.decode(b"{%b}" % card), **shown})[1:-1]


def _assumed_margin(category: str, margins: Mapping[str, float]) -> float:
    """Of the category, else of the nearest above it, else of all; NaN: none is assumed."""
    while category and category not in margins:
        category = category.rpartition(CATEGORY_SEPARATOR)[0]
    return margins.get(category or "*", float("nan"))
