"""Which products recommendations sell, which nobody wants, and which are never shown."""

from datetime import timedelta

import polars as pl

from features.insights.periods import PERIODS_DAYS
from features.insights.recommendation_days import ProductsShown
from training.ledger.shop import Shop

MOST_PRODUCTS = 20
COUNTED = ("clicked", "bought", "revenue")


class ProductCounts:
    """Counts of the last whole days, of answers to those who are not held out."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._counts: list[pl.DataFrame] = []

    def count(self, answers: pl.LazyFrame, steps: pl.DataFrame) -> None:
        """Add some answers. answers: recommendation_id, item (list), day, shown_to; steps: recommendation_id,
        item, clicked, bought, revenue."""
        counted = answers.filter(pl.col("shown_to") != "held_out", self._is_within(max(PERIODS_DAYS)))
        pairs = counted.select("day", "item").explode("item").drop_nulls("item")
        shown = (self._is_within(days).sum().cast(pl.Int64).alias(f"shown_{days}") for days in PERIODS_DAYS)
        named = counted.select("recommendation_id", "day").join(steps.lazy(), on="recommendation_id")
        sums = (
            pl.col(name).filter(self._is_within(days)).sum().alias(f"{name}_{days}")
            for name in COUNTED
            for days in PERIODS_DAYS
        )
        parts = [pairs.group_by("item").agg(shown), named.group_by("item").agg(sums)]
        self._counts += pl.collect_all(parts, engine="streaming")

    def of_days(self, days: int) -> ProductsShown:
        """Those of so many days. A product is shown with any of its variants."""
        counts = self._of_days(days)
        titles = self._shop.catalogue.select(item="product_id", product=pl.coalesce("title", "product_id"))
        rows = counts.join(titles, on="item", how="left").select(
            pl.coalesce("product", "item"), "shown", "clicked", "bought", "revenue"
        )
        wanted = pl.col("clicked") + pl.col("bought") > 0
        best = rows.filter(wanted).sort("revenue", "clicked", "shown", "product", descending=True)
        dead = rows.filter(~wanted).sort("shown", "product", descending=[True, False])
        groups = self._on_sale()
        seen = groups.join(counts, on="item", how="semi")["group"].unique()
        never = groups.filter(~pl.col("group").is_in(seen.implode())).unique("group", maintain_order=True)
        return ProductsShown(
            days,
            groups["group"].n_unique(),
            len(seen),
            [list(row) for row in best.head(MOST_PRODUCTS).iter_rows()],
            [list(row) for row in dead.head(MOST_PRODUCTS).iter_rows()],
            never.join(titles, on="item", how="left").head(MOST_PRODUCTS)["product"].to_list(),
        )

    def _is_within(self, days: int) -> pl.Expr:
        whole = self._shop.whole
        return pl.col("day").is_between(whole - timedelta(days=days - 1), whole)

    def _of_days(self, days: int) -> pl.DataFrame:
        """item, shown, clicked, bought, revenue; of what was shown."""
        together = pl.concat(self._counts, how="diagonal").group_by("item").agg(pl.exclude("item").sum())
        names = ("shown", *COUNTED)
        return together.select("item", *(pl.col(f"{name}_{days}").alias(name) for name in names)).filter(
            pl.col("shown") > 0
        )

    def _on_sale(self) -> pl.DataFrame:
        """item, group: what may be shown."""
        available = pl.col("available").fill_null(value=True)
        on_sale = self._shop.catalogue.filter("is_product", ~pl.col("retired"), available)
        return on_sale.select(item="product_id", group=pl.coalesce("group_id", "product_id"))
