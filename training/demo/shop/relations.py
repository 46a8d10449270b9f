"""Planted relations between products: complements, which go together, and substitutes."""

import tomllib
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from training.demo.shop.catalogue import Product

MOST_COMPLEMENTS = 5

Links = list[list[tuple[int, float]]]


@dataclass(frozen=True, slots=True)
class Relations:
    """One entry a product, in catalogue order; numbers are rows of the catalogue.

    `complements`: (row, chance that who picks this adds that one to the same basket), strongest first.
    `ladder`: the other qualities of the same variant; `variants`: the same quality in other variants.
    `families`: names of the families its type belongs to.
    """

    complements: Links
    ladder: list[list[int]]
    variants: list[list[int]]
    families: list[list[str]]


@dataclass(frozen=True, slots=True)
class _Family:
    name: str
    strength: float
    types: list[str]


def plant_relations(products: list[Product], rng: np.random.Generator) -> Relations:
    """Complements pair products of a family's types, alike in quality, at most five for each product."""
    families = _families()
    by_type: dict[str, list[int]] = {}
    for row, product in enumerate(products):
        by_type.setdefault(product.type_id, []).append(row)

    def of_type(row: int, attribute: str) -> list[int]:
        own = products[row]
        rows = by_type[own.type_id]
        return [r for r in rows if r != row and getattr(products[r], attribute) == getattr(own, attribute)]

    return Relations(
        complements=_complements(products, by_type, families, rng),
        ladder=[of_type(row, "ladder") for row in range(len(products))],
        variants=[of_type(row, "step") for row in range(len(products))],
        families=[[family.name for family in families if p.type_id in family.types] for p in products],
    )


def _families() -> list[_Family]:
    text = (Path(__file__).parent / "families.toml").read_text("utf-8")
    return [_Family(name, float(f["strength"]), list(f["types"])) for name, f in tomllib.loads(text).items()]


def _complements(
    products: list[Product],
    by_type: dict[str, list[int]],
    families: list[_Family],
    rng: np.random.Generator,
) -> Links:
    planted: list[dict[int, float]] = [{} for _ in products]
    for family in families:
        for one, other in combinations([name for name in family.types if name in by_type], 2):
            fewer, more = sorted((by_type[one], by_type[other]), key=len)
            for row in more:
                partner = _partner(products[row].step, fewer, products, planted)
                if partner is None or len(planted[row]) >= MOST_COMPLEMENTS:
                    continue
                strength = family.strength * rng.uniform(0.8, 1.2)
                planted[row][partner] = _chance(strength, products[row], products[partner])
                planted[partner][row] = _chance(strength, products[partner], products[row])
    return [sorted(links.items(), key=lambda link: -link[1]) for links in planted]


def _partner(
    step: int, rows: list[int], products: list[Product], planted: list[dict[int, float]]
) -> int | None:
    """The least linked product of that quality that has room for one more."""
    open_rows = [r for r in rows if products[r].step == step and len(planted[r]) < MOST_COMPLEMENTS]
    return min(open_rows, key=lambda r: len(planted[r]), default=None)


def _chance(strength: float, bought: Product, added: Product) -> float:
    """The chance that `added` joins `bought`: higher where it is the cheaper of the two."""
    return round(float(strength * np.clip((bought.price / added.price) ** 0.25, 0.6, 1.4)), 4)
