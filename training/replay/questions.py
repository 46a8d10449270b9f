"""The questions that were answered in a period, each with the live state of its moment."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
import polars as pl

from features.history.events_parquet import scan_with_repeats
from features.home import Home
from features.progress import Report, silent
from features.store.settings import StoreSettings
from recommender.context.request import PLACEMENTS, Request
from recommender.context.request_record import read
from training.data.live_replay import Replay, arrivals
from training.experiments.exposures import impressions_of


class ShownAnswer(NamedTuple):
    """A question, and what was shown then. visitor: the id that experiments and rotation assign by;
    propensity: the probability that this answer was the one to be shown; clicked: whether any of it was."""

    request: Request
    visitor: str | None
    product_ids: tuple[str, ...]
    propensity: float
    clicked: bool


class Period(NamedTuple):
    """since <= time < until, UTC."""

    since: datetime
    until: datetime


def shown_answers(home: Home, period: Period, placements: Sequence[str], at_most: int) -> pl.DataFrame:
    """The log of a period, oldest first, evenly thinned out to `at_most` answers; clicked: bool.

    Left out are those of visitors who were held out, those without products, and older ones that do not say
    what was asked for.
    """
    clicks = scan_with_repeats(home).filter(pl.col("type") == "click").select("recommendation_id")
    clicked = clicks.drop_nulls().unique().with_columns(clicked=pl.lit(True))
    shown = (
        impressions_of(home)
        .filter(
            pl.col("at").is_between(*period, closed="left"),
            pl.col("placement").is_in(list(placements or PLACEMENTS)),
            pl.col("parameters").is_not_null(),
            pl.col("product_ids").list.len() > 0,
            ~pl.col("held_out").fill_null(False),
        )
        .join(clicked, on="recommendation_id", how="left")
        .with_columns(pl.col("clicked").fill_null(False), pl.col("propensity").fill_null(1.0))
        .sort("at", "recommendation_id")
        .collect()
    )
    return shown.gather_every(-(-len(shown) // at_most)) if len(shown) > at_most else shown


def asked_again(
    home: Home, shown: pl.DataFrame, settings: StoreSettings, report: Report = silent
) -> Iterator[ShownAnswer]:
    """Each row of `shown_answers` as it was asked, with what was known of the shopper at that moment."""
    if shown.is_empty():
        return
    first, last = shown["at"][0], shown["at"][-1]
    events = arrivals(home, first - timedelta(days=settings.shopper_ttl_days), last)
    state, following = Replay(settings.shopper_log_length), next(events, None)
    for number, row in enumerate(shown.iter_rows(named=True)):
        while following is not None and following[1] <= row["at"]:
            state.apply(*following)
            following = next(events, None)
        if number % 100 == 0:
            report("Asking again", number, len(shown))
        if answer := _shown_answer(row, state):
            yield answer
    report("Asking again", 1, 1)


def _shown_answer(row: dict[str, Any], state: Replay) -> ShownAnswer | None:
    """None where a later version no longer understands what was asked for."""
    customer, browser = row["customer_id"], row["anonymous_id"]
    try:
        request = read(row["parameters"], row["at"].timestamp(), state.log(customer, browser), customer)
    except msgspec.DecodeError:
        return None
    shown = tuple(row["product_ids"])
    return ShownAnswer(request, customer or browser, shown, row["propensity"], row["clicked"])
