"""What may be shown right now, at which price: the bundle's products under the shop's live changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from recommender.arrays.id_map import CACHE_SIZE
from recommender.model.bundle import Tables


class Shown(NamedTuple):
    """A product as answers tell of it: its id, and JSON fields, id and all, each followed by a comma."""

    product_id: str
    fields: str


SHOWN_FIELDS = ("title", "price", "currency", "url", "image_url")


@dataclass(frozen=True)
class Availability:
    """One consistent view; a change makes a new one.

    offered and in_stock: (n_items) bool; price and cost: (n_items) float32, NaN where unknown; cards: the
    product cards that differ from the bundle's.
    """

    offered: NDArray[np.bool_]
    in_stock: NDArray[np.bool_]
    price: NDArray[np.float32]
    cost: NDArray[np.float32]
    cards: Mapping[int, bytes]
    _shown: dict[int, Shown] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def sellable(self) -> NDArray[np.bool_]:
        """(n_items): offered and in stock."""
        return self.offered & self.in_stock

    @cached_property
    def margin_share(self) -> float:
        """Of the prices of all that is offered at a known cost; NaN where no cost is known."""
        known = self.offered & (self.price > 0) & np.isfinite(self.cost)
        return float(1 - self.cost[known].sum() / self.price[known].sum()) if known.any() else float("nan")

    @classmethod
    def of(cls, tables: Tables) -> Availability:
        """The shelf as it was when the model was trained."""
        product = tables.product
        return cls(product.recommendable, product.in_stock, product.price, product.cost, {})

    def changed(self, tables: Tables, changes: Mapping[str, Mapping[str, Any]]) -> Availability:
        """The shelf after changes (product_id -> new values); an unknown product waits for training."""
        if not changes:
            return self  # its arrays are shared by all processes, a copy's are not
        offered, in_stock = self.offered.copy(), self.in_stock.copy()
        price, cost = self.price.copy(), self.cost.copy()
        cards = dict(self.cards)
        for product_id, fields in changes.items():
            item = tables.products.row(product_id)
            if item < 0:
                continue
            cards[item] = _merge_card(self.card(tables, item), fields)
            offered[item] = fields.get("is_product", offered[item])
            in_stock[item] = _in_stock(fields, before=bool(in_stock[item]))
            price[item] = _price(fields, before=float(price[item]))
            cost[item] = _cost(fields, before=float(cost[item]))
        return Availability(offered, in_stock, price, cost, cards)

    def card(self, tables: Tables, item: int) -> bytes:
        """JSON fields of a product, without braces."""
        return self.cards.get(item) or tables.cards[item]

    def show(self, tables: Tables, items: Sequence[int]) -> list[Shown]:
        """Products as answers tell of them. The same few are shown all day."""
        known = self._shown
        return [known.get(item) or self._show(tables, item) for item in items]

    def _show(self, tables: Tables, item: int) -> Shown:
        product_id, card = tables.products.name(item), self.card(tables, item)
        told = b'"product_id":%b,%b%b' % (msgspec.json.encode(product_id), card, b"," if card else b"")
        if len(self._shown) >= CACHE_SIZE:
            self._shown.clear()
        shown = self._shown[item] = Shown(product_id, told.decode())
        return shown


def _in_stock(fields: Mapping[str, Any], *, before: bool) -> bool:
    """A stock or availability that is not known (null) keeps nothing off the shelf."""
    if "available" in fields or "stock" in fields:
        return fields.get("available") is not False and fields.get("stock") != 0
    return before


def _price(fields: Mapping[str, Any], *, before: float) -> float:
    return float(fields.get("sale_price") or fields.get("price") or before)


def _cost(fields: Mapping[str, Any], *, before: float) -> float:
    cost = fields.get("cost", before)
    return float("nan") if cost is None else float(cost)


def _merge_card(card: bytes, fields: Mapping[str, Any]) -> bytes:
    shown = {name: fields[name] for name in SHOWN_FIELDS if name in fields}
    if fields.get("sale_price"):
        shown["price"] = fields["sale_price"]
    return msgspec.json.encode({**msgspec.json.decode(b"{%b}" % card), **shown})[1:-1]
