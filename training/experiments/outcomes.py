"""What each visitor brought after they were first seen: every order counted once, refunds taken off."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from features.history.events_parquet import scan_with_repeats
from features.home import Home
from training.experiments.exposures import BROWSER, CUSTOMER, Served
from training.ledger.shop import Shop

BEFORE = timedelta(days=365)
MONEY = ("revenue", "margin", "recommended")
OUTCOMES = (*MONEY, "orders", "buyers", "again", "ltv", "before")


def orders_of(home: Home, served: Served, shop: Shop) -> pl.DataFrame:
    """person, at, revenue, margin, recommended (revenue of lines that name an answer), oldest first.

    Whoever a browser turned out to be owns its orders; a guest without one is whom the answer was for that
    the order names. Such an order lies after that answer, whatever the clocks say.
    """
    lines = scan_with_repeats(home).filter(pl.col("type") == "purchase", pl.col("order_id").is_not_null())
    told = lines.select(
        order="order_id", item="product_id", browser="anonymous_id", recommendation_id="recommendation_id"
    ).collect()
    told = told.join(served.named, on="recommendation_id", how="left").join(
        served.owners, on="browser", how="left"
    )
    heads = told.group_by("order").agg(
        pl.col("browser", "owner", "named_person").drop_nulls().first(), pl.col("named_at").max()
    )
    named = told.filter(pl.col("named_at").is_not_null()).unique(["order", "item"])
    through = (
        shop.ledger.lines.join(named, on=["order", "item"], how="semi")
        .group_by("order")
        .agg(recommended=pl.col("revenue").sum())
    )
    known = shop.ledger.orders.join(heads, on="order", how="left").join(through, on="order", how="left")
    return known.select(
        person=pl.coalesce(
            CUSTOMER + pl.col("customer"),
            CUSTOMER + pl.col("owner"),
            BROWSER + pl.col("browser"),
            "named_person",
        ),
        at=pl.max_horizontal("timestamp", "named_at"),
        revenue="revenue",
        margin="margin",
        recommended=pl.col("recommended").fill_null(0.0),
    ).sort("at")


def outcomes(
    visitors: pl.DataFrame, orders: pl.DataFrame, people: pl.DataFrame, since: datetime, until: datetime
) -> pl.DataFrame:
    """visitor, arm and OUTCOMES, of orders from `since` to `until`; people: customer, predicted_365d.

    An order counts for its customer's id, once they were served as that; before, for the browser that they
    came with last: what that brought is not credited to the arm which the customer's id draws afterwards.
    before: revenue in the year before a visitor was first seen.
    """
    visitors = visitors.filter(pl.col("at") < until).sort("at")
    within = orders.filter(pl.col("at").is_between(since, until, closed="left"))
    seen = _in_turn(visitors)
    owned = within.join_asof(seen, on="at", by="person", check_sortedness=False)  # both are sorted
    brought = (
        owned.filter(pl.col("visitor").is_not_null())
        .group_by("visitor")
        .agg(pl.col(*MONEY).sum(), pl.len().cast(pl.Float64).alias("orders"))
        .with_columns(buyers=pl.lit(1.0), again=(pl.col("orders") > 1).cast(pl.Float64))
    )
    earlier = (
        visitors.join(orders, on="person", suffix="_order")
        .filter(pl.col("at_order").is_between(pl.col("at") - BEFORE, pl.col("at"), closed="left"))
        .group_by("visitor")
        .agg(before=pl.col("revenue").sum())
    )
    found = visitors.select("visitor", "arm")
    for part in (brought, _predicted(seen, people), earlier):
        found = found.join(part, on="visitor", how="left")
    return found.select("visitor", "arm", *(pl.col(name).fill_null(0.0) for name in OUTCOMES))


def _in_turn(visitors: pl.DataFrame) -> pl.DataFrame:
    """person, visitor, at: a person's ids as orders count for one after the other, the customer's last."""
    is_customer = pl.col("person") == CUSTOMER + pl.col("visitor")
    known = visitors.filter(is_customer).select("person", known_at="at")
    in_turn = is_customer | pl.col("known_at").is_null() | (pl.col("at") < pl.col("known_at"))
    seen = visitors.join(known, on="person", how="left", maintain_order="left").filter(in_turn)
    return seen.select("person", "visitor", "at")


def _predicted(visitors: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """visitor, ltv: what is expected of a person in the next year, for the id they were last seen under."""
    last = visitors.sort("at").group_by("person").agg(pl.col("visitor").last())
    known = people.select(person=CUSTOMER + pl.col("customer"), ltv="predicted_365d")
    return last.join(known, on="person").select("visitor", "ltv")
