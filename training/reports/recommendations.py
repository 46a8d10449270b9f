"""What became of what was shown, from the log of answers and the history of orders."""

from datetime import date, timedelta

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
from training.reports.recommended_products import products_shown

LONGEST = timedelta(days=2 * max(PERIODS_DAYS))  # the longest usual period, and the one before
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
    answers = _answers(home, shop.as_of)
    if answers.is_empty():
        return RecommendationDays(shop.as_of, shop.whole, shop.as_of, currency, False, notes=[NOTHING_YET])
    part = shop.of(currency)
    steps = _steps(home, part, answers)
    return RecommendationDays(
        shop.as_of,
        shop.whole,
        answers["day"].sort()[0],
        currency,
        contribution(part) is not None,
        _tallies(answers, steps),
        [products_shown(home, part, steps, days) for days in PERIODS_DAYS],
        [] if len(steps) else [NOT_NAMED],
    )


def _answers(home: Home, as_of: date) -> pl.DataFrame:
    """A row each: recommendation_id, day, placement, shown_to, visitor, shown (how many), degraded."""
    end = until(as_of)
    within = pl.col("at").is_between(end - LONGEST, end, closed="left")
    answers = impressions_of(home).filter(within, pl.col("placement") != OFFERS).unique("recommendation_id")
    held_out = pl.when("held_out").then(pl.lit("held_out")).otherwise(pl.lit("visitors"))
    rows = answers.select(
        "recommendation_id",
        "placement",
        day=pl.col("at").dt.date(),
        shown_to=pl.when(VISITOR.is_null()).then(pl.lit("nobody")).otherwise(held_out),
        visitor=pl.coalesce(VISITOR, "recommendation_id"),
        shown=pl.col("product_ids").list.len().cast(pl.Int64),
        degraded=pl.col("degraded").fill_null(value=False),
    )
    return rows.collect(engine="streaming")


def _steps(home: Home, shop: Shop, answers: pl.DataFrame) -> pl.DataFrame:
    """recommendation_id, item, clicked, added, bought (0 or 1), revenue, margin: a row for each product of an
    answer that a later event names."""
    named = under_own_ids(scan_with_repeats(home), shop.catalogue, load_aliases(home)).filter(
        pl.col("recommendation_id").is_not_null(), pl.col("timestamp") < until(shop.as_of)
    )
    events = named.select("type", "recommendation_id", item="product_id", order="order_id").unique()
    known = events.collect().join(answers.select("recommendation_id"), on="recommendation_id", how="semi")
    looked = known.with_columns(pl.col("type").is_in(types).alias(name) for name, types in LOOKED.items())
    bought = known.filter(pl.col("type") == "purchase").sort("recommendation_id").unique(["order", "item"])
    sold = bought.join(_lines(shop), on=["order", "item"]).with_columns(bought=pl.lit(value=True))
    product = ["recommendation_id", "item"]
    rows = pl.concat(
        [looked.select(*product, *LOOKED), sold.select(*product, "bought", *MONEY)], how="diagonal"
    )
    return (
        rows.group_by(product)
        .agg(pl.col(*LOOKED, "bought").any().cast(pl.Int64), pl.col(*MONEY).sum())
        .filter(pl.any_horizontal(pl.col(*LOOKED, "bought") > 0))
    )


def _lines(shop: Shop) -> pl.DataFrame:
    """order, item, revenue and margin of what was kept."""
    lines = shop.ledger.lines.join(shop.catalogue.select("cost", item="product_id"), on="item", how="left")
    margin = pl.col("revenue") - pl.col("quantity") * pl.col("cost")
    return lines.group_by("order", "item").agg(pl.col("revenue").sum(), margin.sum().alias("margin"))


def _tallies(answers: pl.DataFrame, steps: pl.DataFrame) -> list[DayTally]:
    of_answer = steps.group_by("recommendation_id").agg(pl.col(*STEPS).sum())
    joined = answers.join(of_answer, on="recommendation_id", how="left")
    sums = pl.col("shown", *STEPS, "degraded").sum()
    of_visitor = joined.group_by(*KEY, "visitor").agg(pl.len().alias("answers"), sums)
    shown = pl.col("shown")
    tallies = of_visitor.group_by(KEY).agg(
        pl.len().alias("visitors"),
        pl.col("answers").sum(),
        sums,
        (shown * shown).sum().alias("shown_shown"),
        *((pl.col(name) * pl.col(name)).sum().alias(f"{name}_{name}") for name in MONEY),
        *((pl.col(name) * shown).sum().alias(f"{name}_shown") for name in MONEY),
    )
    rows = tallies.sort(KEY).select(*KEY, *Tally.__struct_fields__).iter_rows()
    return [DayTally(day, placement, shown_to, Tally(*sums)) for day, placement, shown_to, *sums in rows]
