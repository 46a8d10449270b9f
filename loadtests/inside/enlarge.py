"""`loadtests.inside.enlarge SHOP HOME`: a bundle of any size in seconds, from a shop that was trained.

The big shop is the trained one many times over, side by side: every copy of a product or customer has
its row's real length and real evidence, within its own copy, and an id of its own. So the costs of
serving at a million products are measured without training on their orders first.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import typer
from numpy.typing import NDArray

from features.home import Home
from features.merchant.api_keys import add_demo_keys
from recommender.arrays.id_map import IdMap, PackedBytes
from recommender.arrays.tables import Factors, Ranking, VariantGroups
from recommender.model import versions
from recommender.model.bundle import Bundle, Tables
from recommender.model.bundle_files import BadBundle, write_bundle
from recommender.placements import SOURCE_MIXES, fixed_weights
from training.models.als import build_index

SAMPLE, BUYERS_ASKED = 10_000, 20_000  # products and customers to ask about
NOISE = 0.1  # of the copies' vectors, in standard deviations: equal vectors would make a poor index
ROWS_OF_ITEMS = ("items", "best_sellers")

Array = NDArray[Any]
OF_THE_SHOP = ("habits",)  # a few numbers, of which a small shop may have as many as customers
ID_TABLES = ("products", "customers", "categories", "brands")


@dataclass(frozen=True)
class Copies:
    """How often rows are repeated. copies: by the number of rows of a table, which tells what it is of."""

    n_items: int
    n_categories: int
    n_brands: int
    products: int
    copies: Mapping[int, int]
    one_each: Collection[tuple[int]]  # shapes of arrays with a number for each product, or customer

    @classmethod
    def of(cls, tables: Tables, products: int, customers: int) -> Copies:
        """For as many products and customers, roughly; never fewer than there are."""
        n, customer_rows, categories = len(tables.products), len(tables.customers), len(tables.categories)
        if len({n, customer_rows, categories}) < 3:
            raise typer.BadParameter("give the trained shop another number of customers than of products")
        many = max(round(products / n), 1)
        copies = {n: many, customer_rows: max(round(customers / customer_rows), 1), categories: many}
        return cls(n, categories, len(tables.brands), many, copies, {(n,), (customer_rows,)})

    def block(self, copy: int, of: int) -> int:
        """Which copy of the products a copy of a table's rows is about."""
        return copy * self.products // of

    def repeated(self, part: Any, name: str = "") -> Any:
        """A table, or an array, of the big shop."""
        if isinstance(part, Ranking):
            return self._ranking(part)
        if isinstance(part, VariantGroups):
            return self._variant_groups(part)
        if isinstance(part, PackedBytes):
            many = self.copies.get(len(part), 1)  # neither products' nor customers' nor categories': as it is
            return PackedBytes(np.tile(part.blob, many), _offsets(part.offsets, many))
        if is_dataclass(part):
            inner = self._rows if hasattr(part, "offsets") else self._parts
            return replace(part, **dict(inner(part)))  # type: ignore[type-var]
        if name in ("category", "brand"):
            step = self.n_categories if name == "category" else self.n_brands
            return self._shifted(part, self.products, step)
        is_repeated = name not in OF_THE_SHOP and part.shape in self.one_each
        return np.tile(part, self.copies[len(part)]) if is_repeated else part

    def _variant_groups(self, groups: VariantGroups) -> VariantGroups:
        """A group's products are of one copy."""
        many, n_groups = self.products, len(groups.offsets) - 1
        return VariantGroups(
            self._shifted(groups.group, many, n_groups),
            _offsets(groups.offsets, many),
            self._shifted(groups.items, many, self.n_items),
        )

    def _parts(self, part: Any) -> Iterator[tuple[str, Any]]:
        for name in _given(part):
            yield name, self.repeated(getattr(part, name), name)

    def _rows(self, part: Any) -> Iterator[tuple[str, Array]]:
        many = self.copies[len(part.offsets) - 1]
        for name in _given(part):
            column = getattr(part, name)
            if name == "offsets":
                yield name, _offsets(column, many)
            elif (
                name.startswith("item_") or name == "boost"
            ):  # a number for each product, whatever the rows are of
                yield name, np.tile(column, self.products)
            elif len(column) == part.offsets[-1]:
                shift = name in ROWS_OF_ITEMS
                yield name, self._shifted(column, many, self.n_items) if shift else _again(column, many)

    def _shifted(self, rows: Array, many: int, step: int) -> Array:
        """Row numbers, each copy's about its own block; -1 stays."""
        blocks = np.array([self.block(copy, many) for copy in range(many)], rows.dtype)
        shifted = (rows[None, :] + step * blocks[:, None]).astype(rows.dtype, copy=False)
        shifted[:, rows < 0] = -1
        return np.asarray(shifted.ravel())

    def _ranking(self, ranking: Ranking) -> Ranking:
        """The copies of the best first, then of the second."""
        items = self._shifted(ranking.items, self.products, self.n_items)
        places = np.arange(len(items)).reshape(self.products, -1).T.ravel()
        scores, counts = np.tile(ranking.scores, self.products), np.tile(ranking.counts, self.products)
        return Ranking(items[places], scores[places], counts[places])


def still_serves(home: Home) -> bool:
    """A model that was made before is whole, and of a format that this version reads."""
    try:
        return versions.load_current(home.models) is not None
    except BadBundle:
        return False


def enlarged(bundle: Bundle, products: int, customers: int) -> Bundle:
    """The bundle of a shop with as many products and customers, roughly."""
    tables = bundle.tables
    copies = Copies.of(tables, products, customers)
    changed: dict[str, Any] = {
        name: copies.repeated(getattr(tables, name), name)
        for name in _given(tables)
        if name not in (*ID_TABLES, "factors", "attributes", "markets") and getattr(tables, name) is not None
    }
    for name in ID_TABLES:
        many = copies.copies[len(tables.customers)] if name == "customers" else copies.products
        changed[name] = _ids(getattr(tables, name), many)
    factors = _factors(tables.factors, copies.products)
    big = replace(tables, **changed, factors=factors, attributes=None, markets=None)  # these are not measured
    manifest = msgspec.structs.replace(
        bundle.manifest, products=len(big.products), customers=len(big.customers), files={}
    )
    return Bundle(manifest, big, build_index(big.factors, big.product.buyers))


def asking_every_source(bundle: Bundle) -> Bundle:
    """With a weight for every source of a mix, also for those that training gave none."""
    source_weights = fixed_weights()
    for row, source_mix in enumerate(SOURCE_MIXES.values()):
        source_weights[row, : len(source_mix)] = 1.0
    return replace(bundle, tables=replace(bundle.tables, blends=source_weights))


def write_home(bundle: Bundle, home: Home, seed: int = 7) -> None:
    """A home that serves it, and `bench.json`: some of its products and customers, to ask about."""
    version, tables = bundle.manifest.version, bundle.tables
    digest = write_bundle(home.models / version, bundle.manifest, tables, bundle.index)
    versions.seal(home.models, version, digest)
    versions.publish(home.models, version)
    rng = np.random.default_rng(seed)
    products = rng.permutation(len(tables.products))[:SAMPLE].tolist()
    buyers = np.flatnonzero(np.diff(tables.purchases.offsets))
    sample = {
        "products": [{"product_id": tables.products.name(row), "price": 10.0} for row in products],
        "categories": [{"name": "tea"}],
        "customers": [tables.customers.name(int(row)) for row in rng.permutation(buyers)[:BUYERS_ASKED]],
        "size": {"products": len(tables.products), "customers": len(tables.customers)},
    }
    (home.root / "bench.json").write_text(json.dumps(sample), encoding="utf-8")


def _again(rows: Array, many: int) -> Array:
    """All rows, one copy behind the other."""
    return np.tile(rows, (many, *[1] * (rows.ndim - 1)))


def _given(part: Any) -> list[str]:
    """The fields that a table is made of; the others follow from them."""
    return [field.name for field in fields(part) if field.init]


def _offsets(offsets: Array, many: int) -> Array:
    starts = np.arange(many, dtype=np.int64)[:, None] * offsets[-1] + offsets[None, :-1]
    return np.append(starts.ravel(), many * offsets[-1]).astype(np.int64)


def _ids(ids: IdMap, many: int) -> IdMap:
    names = [ids.name(row) for row in range(len(ids))]
    return IdMap.build([f"{name}.{copy}" if copy else name for copy in range(many) for name in names])


def _factors(factors: Factors, many: int) -> Factors:
    rng = np.random.default_rng(7)
    items = np.tile(factors.items, (many, 1))
    if many > 1:
        items += NOISE * factors.items.std() * rng.standard_normal(items.shape, np.float32)
    ridge = factors.gram - factors.items.T @ factors.items
    return Factors(items, (items.T @ items + ridge).astype(np.float32))


def main(
    shop: Path,
    home: Path,
    products: Annotated[int, typer.Option(min=1)] = 10_000,
    customers: Annotated[int, typer.Option(min=1)] = 10_000,
    every_source: Annotated[
        bool, typer.Option("--every-source", help="Each placement asks all sources it knows.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Nothing to do where HOME serves already.")] = False,
) -> None:
    """Write the enlarged bundle of the home SHOP into a new HOME, ready for `perennial serve`."""
    add_demo_keys(Home(home), None, datetime.now(UTC))  # load tests ask with them
    if keep and still_serves(Home(home)):
        return
    bundle = versions.load_current(Home(shop).models)
    if bundle is None:
        raise typer.BadParameter(f"{shop} serves no model; `perennial train --home {shop}` makes one")
    big = enlarged(bundle, products, customers)
    write_home(asking_every_source(big) if every_source else big, Home(home))


if __name__ == "__main__":
    typer.run(main)
