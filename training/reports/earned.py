"""What Perennial earned in the last month, since the holdout began, and in the periods that pages offer."""

from datetime import datetime, timedelta
from typing import NamedTuple

import polars as pl

from features.insights.periods import PERIODS_DAYS
from features.insights.report import Cell, Column, Figure, Plot, Table, figure, table
from recommender.experiments.assignment import HELD_OUT_ARM
from training.experiments.earned import Earned, earned_above_holdout, sentence
from training.experiments.exposures import PERENNIAL, Participants
from training.experiments.outcomes import outcomes
from training.ledger.shop import Shop
from training.ledger.touches import until
from training.reports.channels import contribution

MONTH, DAY = timedelta(days=30), timedelta(days=1)
PERIOD_COLUMNS = (
    Column("days", "Last days", "count"),
    "earned",
    "earned_low",
    "earned_high",
    Column("of", "Of", "text"),
    "held_out_buyers",
    Column("told", "In words", "text"),
)


class EarnedPart(NamedTuple):
    """In one currency. summary: a sentence or two; periods: a row for each of PERIODS_DAYS, in whole days."""

    figures: list[Figure]
    summary: str
    periods: Table


def earned_in(
    participants: Participants, orders: pl.DataFrame, shop: Shop, currency: str | None
) -> EarnedPart:
    """Margin, where enough costs are known, else revenue. orders: of `outcomes.orders_by_person`."""
    what = "revenue" if contribution(shop) is None else "margin"
    end, start = until(shop.as_of), participants.began
    month = max(start, end - MONTH)
    customers = with_predictions(shop)

    def earned(metric: str, since: datetime, end: datetime = end) -> Earned:
        visitor_outcomes = outcomes(participants.visitors, orders, customers, since, end)
        return earned_above_holdout(visitor_outcomes, metric, since, end)

    days = round((end - month) / DAY)
    last, all_time = earned(what, month), earned(what, start)
    summary = sentence(last, what, f"in the last {days} days", currency)
    if month > start:
        summary += " " + sentence(all_time, what, f"since {start:%-d %B %Y}", currency)
    arms = participants.visitors["arm"]
    figures = [
        _interval(f"earned_{what}", last),
        _interval(f"earned_{what}_since", all_time),
        figure("earned_share", all_time.share if all_time.is_known else None),
        figure("held_out_visitors", int((arms == HELD_OUT_ARM).sum())),
        figure("treated_visitors", int((arms == PERENNIAL).sum())),
    ]
    if what == "margin":
        figures.insert(1, _interval("earned_revenue", earned("revenue", month)))
    whole, rows = until(shop.whole), []
    for days in PERIODS_DAYS:
        each = earned(what, max(start, whole - days * DAY), whole)
        rows.append(_row(days, each, what, currency))
    text = "Above what the same visitors would have brought without Perennial, in whole days."
    periods = table("earned", "What Perennial earned", PERIOD_COLUMNS, rows, Plot("bars", "earned"), text)
    return EarnedPart(figures, summary, periods)


def _row(days: int, earned: Earned, what: str, currency: str | None) -> list[Cell]:
    ends = (earned.value, earned.low, earned.high) if earned.is_known else (None, None, None)
    told = sentence(earned, what, f"in the last {days} whole days", currency)
    return [days, *ends, what, earned.buyers, told]


def with_predictions(shop: Shop) -> pl.DataFrame:
    """The customers, with nothing expected of them where there is no forecast."""
    if shop.forecast:
        return shop.customers
    return shop.customers.with_columns(predicted_365d=pl.lit(0.0))


def _interval(name: str, earned: Earned) -> Figure:
    if not earned.is_known:
        return figure(name, None, f"Only {earned.buyers} of those held out bought")
    return figure(name, earned.value, low=earned.low, high=earned.high)
