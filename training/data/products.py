"""The catalogue's facts of each product, by row of the model."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.catalogue.attributes import plain_attributes, values_of
from features.catalogue.products import BY_NAME
from features.time_units import DAY_S
from recommender.arrays.id_map import PackedBytes
from recommender.model.attribute_table import AttributeTable
from recommender.model.availability import SHOWN_FIELDS
from recommender.model.live_attributes import attribute_digest
from recommender.model.local_table import Local, LocalTable
from training.data.history import History

IMPORTED_AT_ONCE = 0.5  # share of the products that come on one day only by an import
READ_BY_MODELS = ("product_id", "title", "category_path", "category", "brand", "group_id", "is_product")
LATEST_SALES = 15  # their median is the price of a product that the catalogue gives none


@dataclass(frozen=True)
class Products:
    """The catalogue's columns, one row an item; a product that only the orders know has nulls."""

    rows: pl.DataFrame

    @cached_property
    def titles(self) -> list[str]:
        return [title or "" for title in self.rows["title"]]

    @cached_property
    def bare_titles(self) -> list[str]:
        """Titles without the brand that they begin with."""
        brands = (brand or "" for brand in self.rows["brand"])
        bare = (title.removeprefix(brand) for title, brand in zip(self.titles, brands, strict=True))
        return [short or title for short, title in zip(bare, self.titles, strict=True)]

    @cached_property
    def price(self) -> NDArray[np.float32]:
        """NaN where neither the catalogue nor an order knows it."""
        return self.rows["price"].cast(pl.Float32).fill_null(float("nan")).to_numpy()

    @cached_property
    def cost(self) -> NDArray[np.float32]:
        """NaN where the catalogue does not know it."""
        return self.rows["cost"].cast(pl.Float32).fill_null(float("nan")).to_numpy()

    @cached_property
    def recommendable(self) -> NDArray[np.bool_]:
        """Products with a title to show that are not retired. A shop that sent no title at all shows its
        products by their ids."""
        titled = np.array([bool(title) for title in self.titles], np.bool_)
        shown = titled if titled.any() else ~titled
        return np.asarray(shown & ~self.rows["retired"].fill_null(value=False).to_numpy())

    @cached_property
    def in_stock(self) -> NDArray[np.bool_]:
        stocked = pl.col("available").fill_null(value=True) & (pl.col("stock").fill_null(1) > 0)
        return self.rows.select(stocked).to_series().to_numpy()

    @cached_property
    def category(self) -> NDArray[np.int32]:
        """The deepest category of each, a row of `categories`; -1 without one."""
        return _codes(self.rows["category"], self.categories)

    @cached_property
    def brand(self) -> NDArray[np.int32]:
        return _codes(self.rows["brand"], self.brands)

    @cached_property
    def variant_group(self) -> NDArray[np.int32]:
        """Of each the group of variants that it is one of, numbered from 0; -1 where it stands alone."""
        group = pl.col("group_id")
        shared = self.rows.select(pl.when(pl.len().over("group_id") > 1).then(group)).to_series()
        return _codes(shared, shared.drop_nulls().unique().sort().to_list())

    @cached_property
    def categories(self) -> list[str]:
        """Names of categories of every level."""
        return self._levels["category"].unique().sort().to_list()

    @cached_property
    def brands(self) -> list[str]:
        return self.rows["brand"].drop_nulls().unique().sort().to_list()

    @cached_property
    def category_items(self) -> list[NDArray[np.int32]]:
        """For each of `categories` the items in it or below it."""
        codes = _codes(self._levels["category"], self.categories)
        items = self._levels["item"].to_numpy()
        by_code = np.argsort(codes, kind="stable")
        ends = np.cumsum(np.bincount(codes, minlength=len(self.categories)))
        return np.split(items[by_code].astype(np.int32), ends[:-1])

    @cached_property
    def _levels(self) -> pl.DataFrame:
        """`item`, `category`: a row for each level of each item's category path."""
        path = pl.col("category_path").str.split(" > ")
        levels = pl.concat_list(path.fill_null([]), pl.concat_list("category"))
        rows = self.rows.select(pl.int_range(pl.len()).alias("item"), levels.alias("category"))
        return rows.explode("category").drop_nulls().unique(maintain_order=True)

    def attributes(self) -> AttributeTable:
        """What filters go by; brand and categories of every level among them."""
        given = [msgspec.json.decode(each) if each else {} for each in self.rows["attributes"]]
        plain = [dict(plain_attributes(each)) for each in given]
        for item, brand in enumerate(self.rows["brand"]):
            if brand:
                plain[item]["brand"] = values_of(brand)
        for item, level in self._levels.select("item", "category").iter_rows():
            plain[item].setdefault("category", []).extend(values_of(level))
        return AttributeTable.build(plain, np.array(list(map(attribute_digest, given)), np.int64))

    def first_day(self, history: History) -> NDArray[np.int32]:
        """(n_items) int32, days since 1970: first in the catalogue, viewed or sold; that of the first event
        (0: before any) where the product was there before the home was.

        A day on which most of the catalogue came is that of its import, and says nothing of their age.
        """
        begin = history.log["timestamp"].min()
        before = int(begin) if isinstance(begin, int) else 0
        unknown = pl.when(pl.col("updated_at").is_not_null()).then(before).otherwise(history.until)
        seen = pl.col("first_seen")
        came_alone = pl.len().over(seen.dt.date()) <= IMPORTED_AT_ONCE * pl.len()
        listed = self.rows.select(pl.when(came_alone).then(seen).dt.epoch("s").fill_null(unknown)).to_series()
        first = np.minimum(listed.to_numpy(), history.until)
        np.minimum.at(first, history.purchases.item, history.purchases.timestamp)
        np.minimum.at(first, history.visits.item, history.visits.timestamp)
        return np.asarray(first // DAY_S, np.int32)

    def cards(self) -> PackedBytes:
        """The fields of each product that shoppers see: JSON without braces."""
        shown = self.rows.select(SHOWN_FIELDS).iter_rows(named=True)
        return PackedBytes.pack(msgspec.json.encode(_without_nulls(row))[1:-1] for row in shown)

    def local(self) -> LocalTable | None:
        """Titles by language and prices by market; None where the catalogue has none."""
        said = self.rows.select(*BY_NAME, "currency").iter_rows()
        packed = [_local(translations, prices, currency) for translations, prices, currency in said]
        return LocalTable(PackedBytes.pack(packed)) if any(packed) else None


def _local(translations: str | None, prices: str | None, currency: str | None) -> bytes:
    """JSON of a `Local`; nothing where the catalogue says nothing."""
    if not (translations or prices):
        return b""
    said = {"translations": translations, "prices": prices}
    fields = {name: msgspec.json.decode(each) for name, each in said.items() if each}
    return msgspec.json.encode(msgspec.convert(fields | {"currency": currency}, Local))


def texts_digest(catalogue: pl.DataFrame) -> str:
    """Changes with the products and with what models read of them, not with prices and stock; "" without."""
    texts = catalogue.select(READ_BY_MODELS)
    return sha256(texts.write_ndjson().encode()).hexdigest() if len(texts) else ""


def price_bands(catalogue: pl.DataFrame) -> pl.Series:
    """`lower`, `middle` or `upper` third of the prices of a product's category; null without a price."""
    rank = pl.col("price").rank("average").over("category") - 0.5
    third = (3 * rank / pl.col("price").count().over("category")).floor().clip(0, 2)
    names = pl.when(third == 0).then(pl.lit("lower")).when(third == 1).then(pl.lit("middle"))
    banded = names.when(third == 2).then(pl.lit("upper"))
    return catalogue.select(price_band=banded).to_series()


def align(catalogue: pl.DataFrame, history: History) -> Products:
    """The catalogue in the order of `history.product_ids`, prices completed from what was last paid."""
    ids = pl.DataFrame({"product_id": history.product_ids}, schema={"product_id": pl.String})
    rows = ids.join(catalogue, on="product_id", how="left", maintain_order="left")
    paid = pl.Series("paid", latest_prices(history)).fill_nan(None)
    return Products(rows.with_columns(pl.coalesce("price", paid.cast(pl.Float64).round(2)).alias("price")))


def latest_prices(history: History) -> NDArray[np.float32]:
    """(n_items) float32: median unit price of each product's last sales; NaN where none has a price."""
    lines = history.purchases
    priced = lines.where(lines.unit_price > 0)
    latest = (
        pl.DataFrame({"item": priced.item, "price": priced.unit_price})
        .group_by("item")
        .agg(pl.col("price").tail(LATEST_SALES).median())
    )
    prices = np.full(len(history.product_ids), np.nan, np.float32)
    prices[latest["item"].to_numpy()] = latest["price"].to_numpy()
    return prices


def _codes(values: pl.Series, names: list[str]) -> NDArray[np.int32]:
    """Row of each value in `names`; -1 for null."""
    codes = values.cast(pl.Enum(names)).to_physical().cast(pl.Int32)
    return codes.fill_null(-1).to_numpy()


def _without_nulls(row: dict[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in row.items() if value is not None}
