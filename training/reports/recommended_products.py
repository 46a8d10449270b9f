"""Which products recommendations sell, which nobody wants, and which are never shown."""

from datetime import timedelta

import polars as pl

from features.home import Home
from features.insights.recommendation_days import ProductsShown
from training.experiments.exposures import impressions_of
from training.ledger.shop import Shop
from training.ledger.touches import until

MOST_PRODUCTS = 20


def products_shown(home: Home, shop: Shop, steps: pl.DataFrame, days: int) -> ProductsShown:
    """Of the last whole days, of answers to those who are not held out.

    steps: recommendation_id, item, clicked, bought, revenue. A product is shown with any of its variants.
    """
    counts = _counts(home, shop, steps, days)
    titles = shop.catalogue.select(item="product_id", product=pl.coalesce("title", "product_id"))
    rows = counts.join(titles, on="item", how="left").select(
        pl.coalesce("product", "item"), "shown", "clicked", "bought", "revenue"
    )
    wanted = pl.col("clicked") + pl.col("bought") > 0
    best = rows.filter(wanted).sort("revenue", "clicked", "shown", "product", descending=True)
    dead = rows.filter(~wanted).sort("shown", "product", descending=[True, False])
    on_sale = shop.catalogue.filter(
        "is_product", ~pl.col("retired"), pl.col("available").fill_null(value=True)
    )
    groups = on_sale.select(item="product_id", group=pl.coalesce("group_id", "product_id"))
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


def _counts(home: Home, shop: Shop, steps: pl.DataFrame, days: int) -> pl.DataFrame:
    """item, shown, clicked, bought, revenue."""
    end = until(shop.whole)
    within = pl.col("at").is_between(end - timedelta(days=days), end, closed="left")
    answers = impressions_of(home).filter(within, ~pl.col("held_out").fill_null(value=False))
    pairs = answers.select("recommendation_id", item="product_ids").explode("item").drop_nulls("item")
    named = pairs.join(steps.lazy(), on=["recommendation_id", "item"], how="left")
    counts = named.group_by("item").agg(pl.len().alias("shown"), pl.col("clicked", "bought", "revenue").sum())
    return counts.collect(engine="streaming")
