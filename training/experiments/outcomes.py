"""What each visitor brought after the first exposure: every order counted once, net of refunds."""

from datetime import datetime, timedelta

import polars as pl

from features.history.events_parquet import scan_with_repeats
from features.home import Home
from training.experiments.exposures import BROWSER_PREFIX, CUSTOMER_PREFIX, ExposureLog
from training.ledger.shop import Shop

BEFORE = timedelta(days=365)
MONEY_OUTCOMES = ("revenue", "margin", "recommended")
OUTCOMES = (*MONEY_OUTCOMES, "orders", "buyers", "again", "ltv", "before")


def orders_by_person(home: Home, log: ExposureLog, shop: Shop) -> pl.DataFrame:
    """person, at, revenue, margin, recommended (revenue of lines that name a recommendation), oldest first.

    An order belongs to its customer, else to the customer who signed in on its browser, else to the
    browser, else to the person whose recommendation it names. It never counts as earlier than a
    recommendation that it names, since the shop's clock may be slow.
    """
    lines = scan_with_repeats(home).filter(pl.col("type") == "purchase", pl.col("order_id").is_not_null())
    purchases = lines.select(
        order="order_id", item="product_id", browser="anonymous_id", recommendation_id="recommendation_id"
    ).collect()
    purchases = purchases.join(log.named, on="recommendation_id", how="left").join(
        log.owners, on="browser", how="left"
    )
    heads = purchases.group_by("order").agg(
        pl.col("browser", "owner", "named_person").drop_nulls().first(), pl.col("named_at").max()
    )
    named = purchases.filter(pl.col("named_at").is_not_null()).unique(["order", "item"])
    recommended = (
        shop.ledger.lines.join(named, on=["order", "item"], how="semi")
        .group_by("order")
        .agg(recommended=pl.col("revenue").sum())
    )
    orders = shop.ledger.orders.join(heads, on="order", how="left").join(recommended, on="order", how="left")
    return orders.select(
        person=pl.coalesce(
            CUSTOMER_PREFIX + pl.col("customer"),
            CUSTOMER_PREFIX + pl.col("owner"),
            BROWSER_PREFIX + pl.col("browser"),
            "named_person",
        ),
        at=pl.max_horizontal("timestamp", "named_at"),
        revenue="revenue",
        margin="margin",
        recommended=pl.col("recommended").fill_null(0.0),
    ).sort("at")


def outcomes(
    visitors: pl.DataFrame, orders: pl.DataFrame, customers: pl.DataFrame, since: datetime, until: datetime
) -> pl.DataFrame:
    """visitor, arm and OUTCOMES, of orders from `since` to `until`; customers: customer, predicted_365d.

    A person may be several visitors, a browser and later a customer. An order counts for the one that was
    exposed last before it, and for the customer once they were exposed as such: orders of the browser do
    not count for the arm that the customer's id draws. before: revenue in the year before a visitor's first
    exposure.
    """
    visitors = visitors.filter(pl.col("at") < until).sort("at")
    within = orders.filter(pl.col("at").is_between(since, until, closed="left"))
    periods = _visitor_periods(visitors)
    owned = within.join_asof(periods, on="at", by="person", check_sortedness=False)  # both are sorted
    since_exposure = (
        owned.filter(pl.col("visitor").is_not_null())
        .group_by("visitor")
        .agg(pl.col(*MONEY_OUTCOMES).sum(), pl.len().cast(pl.Float64).alias("orders"))
        .with_columns(buyers=pl.lit(1.0), again=(pl.col("orders") > 1).cast(pl.Float64))
    )
    earlier = (
        visitors.join(orders, on="person", suffix="_order")
        .filter(pl.col("at_order").is_between(pl.col("at") - BEFORE, pl.col("at"), closed="left"))
        .group_by("visitor")
        .agg(before=pl.col("revenue").sum())
    )
    outcomes = visitors.select("visitor", "arm")
    for part in (since_exposure, _predicted(periods, customers), earlier):
        outcomes = outcomes.join(part, on="visitor", how="left")
    return outcomes.select("visitor", "arm", *(pl.col(name).fill_null(0.0) for name in OUTCOMES))


def _visitor_periods(visitors: pl.DataFrame) -> pl.DataFrame:
    """person, visitor, at: from when a person's orders count for which of their ids, the customer's last."""
    is_customer = pl.col("person") == CUSTOMER_PREFIX + pl.col("visitor")
    customers = visitors.filter(is_customer).select("person", customer_at="at")
    in_turn = is_customer | pl.col("customer_at").is_null() | (pl.col("at") < pl.col("customer_at"))
    joined = visitors.join(customers, on="person", how="left", maintain_order="left").filter(in_turn)
    return joined.select("person", "visitor", "at")


def _predicted(visitors: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    """visitor, ltv: a person's predicted revenue of the next year, for the id of their last exposure."""
    last = visitors.sort("at").group_by("person").agg(pl.col("visitor").last())
    predicted = customers.select(person=CUSTOMER_PREFIX + pl.col("customer"), ltv="predicted_365d")
    return last.join(predicted, on="person").select("visitor", "ltv")
