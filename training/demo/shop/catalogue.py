"""What the shop sells: types of product from `range/*.toml`, each in three qualities and a few variants."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from training.demo.shop.colours import COLOURS, colour_of

STEPS = ("good", "better", "best")
STEP_PRICE = (1.0, 1.7, 2.8)


@dataclass(frozen=True, slots=True)
class Product:
    """One thing on the shelf. `step` is its place on the ladder; `refill_days` how long one pack lasts."""

    product_id: str
    type_id: str
    title: str
    brand: str
    description: str
    category: str
    shelf: str
    step: int
    variant: str
    better: str
    price: float
    sale_price: float | None
    cost: float
    stock: int
    launched: datetime
    refill_days: float | None
    picture: str
    colour: str
    popularity: float

    @property
    def group_id(self) -> str:
        """The item that variants and packs are versions of: one quality of one type."""
        return f"{self.type_id}-{STEPS[self.step]}"

    @property
    def ladder(self) -> str:
        """Products of one ladder differ in quality alone; a pack size has a ladder of its own."""
        return f"{self.type_id}/{self.variant}"

    @property
    def product_type(self) -> str:
        return f"{self.category} > {self.shelf}"

    @property
    def paid(self) -> float:
        """What a shopper pays today."""
        return self.sale_price or self.price


@dataclass(frozen=True, slots=True)
class _Design:
    """A product before chance has priced and stocked it."""

    type_id: str
    type: dict[str, Any]
    category: str
    variant: str
    note: str
    pack: tuple[str, float] | None
    step: int
    depth: int  # 0 for the first ladder of its type, 1 for the second ...
    place: int  # of the type within its category


def build_catalogue(rng: np.random.Generator, now: datetime, products: int) -> list[Product]:
    """The first `products` designs of a range of 930, whole ladders first, in shelf order."""
    designs = _designs()
    by_depth = sorted(designs, key=lambda design: (design.depth, design.place))
    chosen = set(map(id, by_depth[:products]))
    kept = [design for design in designs if id(design) in chosen]
    numbers: dict[str, int] = {}
    shelf = []
    for design in kept:
        numbers[design.category] = numbers.get(design.category, 0) + 1
        product_id = f"{design.category[:3].upper()}{numbers[design.category]:03d}"
        shelf.append(_product(design, product_id, rng, now))
    return shelf


def _designs() -> list[_Design]:
    designs = []
    for file in sorted((Path(__file__).parent / "range").glob("*.toml")):
        types = tomllib.loads(file.read_text("utf-8"))
        category = types.pop("category")
        for place, (type_id, kind) in enumerate(types.items()):
            packs: list[tuple[str, float] | None] = [
                (name, float(size)) for name, size in kind.get("packs", [])
            ]
            ladders = [(pack, variant) for pack in packs or [None] for variant in kind["variants"]]
            for depth, (pack, text) in enumerate(ladders):
                variant, _, note = text.partition(": ")
                designs += [
                    _Design(type_id, kind, category, variant, note, pack, step, depth, place)
                    for step in range(3)
                ]
    return designs


def _product(design: _Design, product_id: str, rng: np.random.Generator, now: datetime) -> Product:
    kind, step = design.type, design.step
    brand, word, better = kind[STEPS[step]]
    label = f"{design.variant}, {design.pack[0]}" if design.pack else design.variant
    size = design.pack[1] if design.pack else 1.0
    price = _price_point(kind["price"] * STEP_PRICE[step] * size * rng.uniform(0.97, 1.03))
    refill = kind.get("refill_days")
    days = refill * (size * 1.06 if size > 1 else 1.0) if refill else None
    return Product(
        product_id=product_id,
        type_id=design.type_id,
        title=f"{brand} {word} {kind['noun']}, {label}",
        brand=brand,
        description=_description(design, better, days),
        category=design.category,
        shelf=kind["shelf"],
        step=step,
        variant=label,
        better=better,
        price=price,
        sale_price=_price_point(price * 0.8) if rng.random() < 0.06 else None,
        cost=round(price * (1 - kind["margin"] * rng.uniform(0.9, 1.1)), 2),
        stock=_stock(rng),
        launched=_launched(rng, now),
        refill_days=days,
        picture=kind["picture"],
        colour=colour_of(design.variant, design.depth + design.place),
        popularity=float((1.0, 0.75, 0.45)[step] * rng.lognormal(0.0, 0.45) / (1 + 0.15 * design.depth)),
    )


def _description(design: _Design, better: str, refill_days: float | None) -> str:
    variant = design.variant
    if variant in COLOURS:
        note = f"In {variant.lower()}: {COLOURS[variant][1]}."
    else:
        note = design.type.get("note", "{}.").format(design.note)
    lasts = f"Lasts most households about {_weeks(refill_days)}." if refill_days else ""
    return " ".join(filter(None, (design.type["use"], better, note, lasts)))


def _weeks(days: float) -> str:
    weeks = round(days / 7)
    return f"{weeks} weeks" if weeks < 9 else f"{round(days / 30)} months"


def _price_point(price: float) -> float:
    """The nearest price a shop would write: .05 steps below ten, .50 below forty, whole above."""
    grain = 0.05 if price < 10 else 0.5 if price < 40 else 1.0
    return round(round(price / grain) * grain, 2)


def _stock(rng: np.random.Generator) -> int:
    draw = rng.random()
    if draw < 0.035:
        return 0
    return int(rng.integers(1, 5)) if draw < 0.1 else int(rng.lognormal(3.6, 0.6)) + 5


def _launched(rng: np.random.Generator, now: datetime) -> datetime:
    draw, share = rng.random(), rng.random()
    if draw < 0.05:
        return now - timedelta(days=2 + 27 * share)
    if draw < 0.15:
        return now - timedelta(days=30 + 640 * share)
    return now - timedelta(days=800)
