"""What became of what was shown, from the log of answers and the history of orders."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import polars as pl

from features.catalogue.names import under_own_ids
from features.catalogue.products import load_aliases
from features.history.events_parquet import scan_with_repeats
from features.home import Home
from features.insights.periods import PERIODS_DAYS
from features.insights.recommendation_days import DayTally, RecommendationDays, Tally
from recommender.experiments.plan import OFFERS
from training.experiments.exposures import VISITOR, impressions_of
from training.ledger.shop import Shop
from training.ledger.touches import until
from training.reports.channels import contribution
from training.reports.recommended_products import ProductCounts

LONGEST = timedelta(days=2 * max(PERIODS_DAYS))  # the longest usual period, and the one before
AT_ONCE = timedelta(days=31)  # of the log, so that memory does not grow with it
LOOKED = {"clicked": ("click", "view"), "added": ("add_to_cart",)}
MONEY = ("revenue", "margin")
STEPS = ("clicked", "added", "bought", *MONEY)
KEY = ("day", "placement", "shown_to")
NOTHING_YET = "No answer yet: put the widget on a page, or ask GET /v1/recommendations."
NOT_NAMED = (
    "No click, cart or order names the answer that it came from: send its `recommendation_id` along, as the"
    " widget does."
)


def recommendation_days(home: Home, shop: Shop) -> RecommendationDays:
    """Money is of orders in the most usual currency. An answer's day is that on which it was given."""
    currency = next(iter(shop.ledger.currencies), None)
    part = shop.of(currency)
    steps, products = _steps(home, part), ProductCounts(part)
    of_answers = steps.group_by("recommendation_id").agg(pl.col(*STEPS).sum())
    tallies: list[DayTally] = []
    for since, end in _spans(until(shop.as_of)):
        answers = _answers(home, since, end)
        tallies += _tallies(answers, of_answers)
        products.count(answers, steps)
    if not tallies:
        return RecommendationDays(shop.as_of, shop.whole, shop.as_of, currency, False, notes=[NOTHING_YET])
    named = any(each.tally.clicked + each.tally.added + each.tally.bought for each in tallies)
    return RecommendationDays(
        shop.as_of,
        shop.whole,
        tallies[0].day,
        currency,
        contribution(part) is not None,
        tallies,
        [products.of_days(days) for days in PERIODS_DAYS],
        [] if named else [NOT_NAMED],
    )


def _spans(end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The time of which answers count, in pieces, oldest first; each begins and ends with a day."""
    since = end - LONGEST
    while since < end:
        yield since, min(since + AT_ONCE, end)
        since += AT_ONCE


def _answers(home: Home, since: datetime, end: datetime) -> pl.LazyFrame:
    """A row each: recommendation_id, item (list), day, placement, shown_to, visitor (a hash), degraded."""
    within = pl.col("at").is_between(since, end, closed="left")
    held_out = pl.when("held_out").then(pl.lit("held_out")).otherwise(pl.lit("visitors"))
    return (
        impressions_of(home)
        .filter(within, pl.col("placement") != OFFERS)
        .select(
            "recommendation_id",
            "placement",
            item="product_ids",
            day=pl.col("at").dt.date(),
            shown_to=pl.when(VISITOR.is_null()).then(pl.lit("nobody")).otherwise(held_out),
            visitor=pl.coalesce(VISITOR, "recommendation_id").hash(),
            degraded=pl.col("degraded").fill_null(value=False),
        )
    )


def _steps(home: Home, shop: Shop) -> pl.DataFrame:
    """recommendation_id, item, clicked, added, bought (0 or 1), revenue, margin: a row for each product of an
    answer that a later event names."""
    end = until(shop.as_of)
    naming = scan_with_repeats(home).filter(
        pl.col("recommendation_id").is_not_null(),
        pl.col("timestamp").is_between(end - LONGEST, end, closed="left"),
    )
    rows = under_own_ids(naming, shop.catalogue, load_aliases(home))
    events = rows.select("type", "recommendation_id", item="product_id", order="order_id").unique().collect()
    looked = events.with_columns(pl.col("type").is_in(types).alias(name) for name, types in LOOKED.items())
    bought = events.filter(pl.col("type") == "purchase").sort("recommendation_id").unique(["order", "item"])
    sold = bought.join(_lines(shop), on=["order", "item"]).with_columns(bought=pl.lit(value=True))
    product = ["recommendation_id", "item"]
    both = pl.concat(
        [looked.select(*product, *LOOKED), sold.select(*product, "bought", *MONEY)], how="diagonal"
    )
    flags = pl.col(*LOOKED, "bought")
    steps = both.group_by(product).agg(flags.any().cast(pl.Int64), pl.col(*MONEY).sum())
    return steps.filter(pl.any_horizontal(flags > 0))


def _lines(shop: Shop) -> pl.DataFrame:
    """order, item, revenue and margin of what was kept."""
    lines = shop.ledger.lines.join(shop.catalogue.select("cost", item="product_id"), on="item", how="left")
    margin = pl.col("revenue") - pl.col("quantity") * pl.col("cost")
    return lines.group_by("order", "item").agg(pl.col("revenue").sum(), margin.sum().alias("margin"))


def _tallies(answers: pl.LazyFrame, of_answers: pl.DataFrame) -> list[DayTally]:
    """By day, placement and whom it was shown to, in this order."""
    joined = answers.join(of_answers.lazy(), on="recommendation_id", how="left")
    counted = joined.with_columns(shown=pl.col("item").list.len().cast(pl.Int64))
    sums = pl.col("shown", *STEPS, "degraded").sum()
    of_visitor = counted.group_by(*KEY, "visitor").agg(pl.len().alias("answers"), sums)
    shown = pl.col("shown")
    tallies = of_visitor.group_by(KEY).agg(
        pl.len().alias("visitors"),
        pl.col("answers").sum(),
        sums,
        (shown * shown).sum().alias("shown_shown"),
        *((pl.col(name) * pl.col(name)).sum().alias(f"{name}_{name}") for name in MONEY),
        *((pl.col(name) * shown).sum().alias(f"{name}_shown") for name in MONEY),
    )
    rows = tallies.select(*KEY, *Tally.__struct_fields__).collect(engine="streaming").sort(KEY).iter_rows()
    return [DayTally(day, placement, shown_to, Tally(*sums)) for day, placement, shown_to, *sums in rows]
