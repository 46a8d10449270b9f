"""What the shop sells: types of product from `range/*.toml`, each in three qualities and a few variants."""

import re
import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from training.demo.shop.colours import NAMED_COLOURS, colour_of

QUALITIES = ("good", "better", "best")
QUALITY_PRICE = (1.0, 1.7, 2.8)
STARS = (4.1, 4.4, 4.7)
MEASURED = re.compile(r"\d[\d.,]* (g|kg|ml|litre|cm|Cups)")


@dataclass(frozen=True, slots=True)
class Product:
    """A product. step: its quality, an index of QUALITIES; refill_days: how long one pack lasts; rating: in
    stars, higher for a better quality of the same thing."""

    product_id: str
    type_id: str
    title: str
    brand: str
    description: str
    category: str
    subcategory: str
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
    material: str | None
    size: str | None
    rating: float
    reviews: int

    @property
    def group_id(self) -> str:
        """Groups the variants and packs of one quality of one type."""
        return f"{self.type_id}-{QUALITIES[self.step]}"

    @property
    def ladder(self) -> str:
        """Products of one ladder differ in quality alone; a pack size has a ladder of its own."""
        return f"{self.type_id}/{self.variant}"

    @property
    def product_type(self) -> str:
        return f"{self.category} > {self.subcategory}"

    @property
    def paid(self) -> float:
        """What a shopper pays today."""
        return self.sale_price or self.price


@dataclass(frozen=True, slots=True)
class _Design:
    """A product before chance has priced and stocked it."""

    type_id: str
    spec: dict[str, Any]
    category: str
    variant: str
    note: str
    pack: tuple[str, float] | None
    step: int
    depth: int  # 0 for the first ladder of its type, 1 for the second ...
    type_index: int  # within the category


def build_catalogue(rng: np.random.Generator, now: datetime, products: int) -> list[Product]:
    """The first `products` designs of a range of 930, whole ladders first, by category and type."""
    designs = _designs()
    by_depth = sorted(designs, key=lambda design: (design.depth, design.type_index))
    chosen = set(map(id, by_depth[:products]))
    kept = [design for design in designs if id(design) in chosen]
    numbers: dict[str, int] = {}
    catalogue = []
    for design in kept:
        numbers[design.category] = numbers.get(design.category, 0) + 1
        product_id = f"{design.category[:3].upper()}{numbers[design.category]:03d}"
        catalogue.append(_product(design, product_id, rng, now))
    return catalogue


def _designs() -> list[_Design]:
    designs = []
    for file in sorted((Path(__file__).parent / "range").glob("*.toml")):
        types = tomllib.loads(file.read_text("utf-8"))
        category = types.pop("category")
        for type_index, (type_id, spec) in enumerate(types.items()):
            packs: list[tuple[str, float] | None] = [
                (name, float(size)) for name, size in spec.get("packs", [])
            ]
            ladders = [(pack, variant) for pack in packs or [None] for variant in spec["variants"]]
            for depth, (pack, text) in enumerate(ladders):
                variant, _, note = text.partition(": ")
                designs += [
                    _Design(type_id, spec, category, variant, note, pack, step, depth, type_index)
                    for step in range(3)
                ]
    return designs


def _product(design: _Design, product_id: str, rng: np.random.Generator, now: datetime) -> Product:
    spec, step = design.spec, design.step
    brand, word, better = spec[QUALITIES[step]]
    label = f"{design.variant}, {design.pack[0]}" if design.pack else design.variant
    size = design.pack[1] if design.pack else 1.0
    price = _price_point(spec["price"] * QUALITY_PRICE[step] * size * rng.uniform(0.97, 1.03))
    refill = spec.get("refill_days")
    days = refill * (size * 1.06 if size > 1 else 1.0) if refill else None
    return Product(
        product_id=product_id,
        type_id=design.type_id,
        title=f"{brand} {word} {spec['noun']}, {label}",
        brand=brand,
        description=_description(design, better, days),
        category=design.category,
        subcategory=spec["subcategory"],
        step=step,
        variant=label,
        better=better,
        price=price,
        sale_price=_price_point(price * 0.8) if rng.random() < 0.06 else None,
        cost=round(price * (1 - spec["margin"] * rng.uniform(0.9, 1.1)), 2),
        stock=_stock(rng),
        launched=_launched(rng, now),
        refill_days=days,
        picture=spec["picture"],
        colour=colour_of(design.variant, design.depth + design.type_index),
        popularity=float((1.0, 0.75, 0.45)[step] * rng.lognormal(0.0, 0.45) / (1 + 0.15 * design.depth)),
        material=spec["materials"][step] if "materials" in spec else None,
        size=design.pack[0]
        if design.pack
        else design.variant
        if MEASURED.fullmatch(design.variant)
        else None,
        rating=round(STARS[step] + (design.type_index + design.depth) % 3 * 0.1 - 0.1, 1),
        reviews=12 + 7 * (design.type_index + 2 * design.depth) % 60 + 20 * (2 - step),
    )


def _description(design: _Design, better: str, refill_days: float | None) -> str:
    variant = design.variant
    if variant in NAMED_COLOURS:
        note = f"In {variant.lower()}: {NAMED_COLOURS[variant][1]}."
    else:
        note = design.spec.get("note", "{}.").format(design.note)
    lasts = f"Lasts most households about {_weeks(refill_days)}." if refill_days else ""
    return " ".join(filter(None, (design.spec["use"], better, note, lasts)))


def _weeks(days: float) -> str:
    weeks = round(days / 7)
    return f"{weeks} weeks" if weeks < 9 else f"{round(days / 30)} months"


def _price_point(price: float) -> float:
    """The nearest usual price: in steps of .05 below ten, of .50 below forty, of 1 above."""
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
