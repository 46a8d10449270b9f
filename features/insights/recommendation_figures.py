"""How recommendations did in a period: by placement, by day, beside the holdout, and product by product."""

from collections.abc import Iterator

from features.home import Home
from features.insights.period_figures import over
from features.insights.periods import ONE_DAY, PERIODS_DAYS, Period, PeriodAsk
from features.insights.recommendation_days import (
    ProductsShown,
    RecommendationDays,
    ShownTo,
    Tally,
    above_holdout,
    read_recommendation_days,
)
from features.insights.report import Cell, Column, Figure, Part, Plot, Report, Table, figure, table

USUAL_DAYS = 28
THOUSAND = 1_000
NOT_HELD_OUT: tuple[ShownTo, ...] = ("visitors", "nobody")
PLACEMENT_COLUMNS = (
    "placement",
    "shown",
    "clicked",
    "ctr",
    "added",
    "bought",
    "recommended_revenue",
    "revenue_per_thousand",
    "margin_per_thousand",
    "held_out_ctr",
    "held_out_per_thousand",
    "above_holdout",
    "above_holdout_low",
    "above_holdout_high",
    "degraded_share",
)
DAY_COLUMNS = (
    "day",
    "shown",
    "clicked",
    "ctr",
    "added",
    "bought",
    "recommended_revenue",
    "revenue_per_thousand",
)
PRODUCT_COLUMNS = ("product", "shown", "clicked", "bought", "recommended_revenue")


def recommendations_of_period(home: Home, ask: PeriodAsk, placement: str | None = None) -> Report | None:
    """As `report_of_recommendations`; None before the first training."""
    days = read_recommendation_days(home)
    return None if days is None else report_of_recommendations(days, ask, placement)


def report_of_recommendations(
    days: RecommendationDays, ask: PeriodAsk, placement: str | None = None
) -> Report:
    """As `recommendation_report`, of the last 28 days where no period is asked for."""
    period = ask.period(days.as_of, days.whole) or Period(days.whole - (USUAL_DAYS - 1) * ONE_DAY, days.whole)
    return recommendation_report(days, period, placement)


def recommendation_report(days: RecommendationDays, period: Period, placement: str | None = None) -> Report:
    """Figures and days are of one placement, or of all; the table of placements is always of all.

    Answers to those held out count in what is compared alone.
    """
    figures = [*_figures(days, period, placement), *_coverage(days, period)]
    tables = [_by_placement(days, period), _by_day(days, period, placement), *_products(days, period)]
    part = Part(days.currency, figures, tables)
    return Report(
        "recommendations", "Recommendations", days.as_of.isoformat(), [part], days.notes, period=period
    )


def _figures(days: RecommendationDays, period: Period, placement: str | None) -> list[Figure]:
    has_before = period.before.first >= days.first
    now = _values(days, period, placement)
    before = _values(days, period.before, placement) if has_before else {}
    figures = [figure(name, value, before=before.get(name)) for name, value in now.items()]
    return [*figures, _above(days, period, placement)]


def _values(days: RecommendationDays, period: Period, placement: str | None) -> dict[str, float | None]:
    tally = days.of(period, NOT_HELD_OUT, placement)
    return {
        "shown": tally.shown,
        "clicked": tally.clicked,
        "ctr": over(tally.clicked, tally.shown),
        "added": tally.added,
        "bought": tally.bought,
        "recommended_revenue": tally.revenue,
        "revenue_per_thousand": _per_thousand(tally.revenue, tally),
        "margin_per_thousand": _per_thousand(tally.margin, tally) if days.costed else None,
        "degraded_share": over(tally.degraded, tally.answers),
    }


def _above(days: RecommendationDays, period: Period, placement: str | None) -> Figure:
    """By margin where it is known."""
    visitors, held_out = (days.of(period, [group], placement) for group in ("visitors", "held_out"))
    difference = above_holdout(visitors, held_out, "margin" if days.costed else "revenue")
    if difference is None:
        return figure("above_holdout", None, "Nothing was shown to anybody who is held out")
    value, low, high = (THOUSAND * each for each in difference)
    return figure("above_holdout", value, low=low, high=high)


def _by_placement(days: RecommendationDays, period: Period) -> Table:
    shown = {each.placement: 0 for each in days.days if each.day in period}
    for name in shown:
        shown[name] = days.of(period, NOT_HELD_OUT, name).shown
    rows = [_placement(days, period, name) for name in sorted(shown, key=lambda name: -shown[name])]
    text = "Against those who are held out: margin of a thousand shown where costs are known, else revenue."
    drawn = Plot("bars", "recommended_revenue")
    return table("by_placement", "By placement", PLACEMENT_COLUMNS, rows, drawn, text)


def _placement(days: RecommendationDays, period: Period, name: str) -> list[Cell]:
    values, held_out = _values(days, period, name), days.of(period, ["held_out"], name)
    above = _above(days, period, name)
    money = held_out.margin if days.costed else held_out.revenue
    values |= {
        "held_out_ctr": over(held_out.clicked, held_out.shown),
        "held_out_per_thousand": _per_thousand(money, held_out),
        "above_holdout": above.value,
        "above_holdout_low": above.low,
        "above_holdout_high": above.high,
    }
    return [name, *(values[column] for column in PLACEMENT_COLUMNS[1:])]


def _by_day(days: RecommendationDays, period: Period, placement: str | None) -> Table:
    rows = []
    for day in period.each():
        values = _values(days, Period(day, day), placement)
        rows.append([day.isoformat(), *(values[name] for name in DAY_COLUMNS[1:])])
    return table("by_day", "Day by day", DAY_COLUMNS, rows, Plot("line", "recommended_revenue"))


def _known(days: RecommendationDays, period: Period) -> ProductsShown | None:
    """What is known of products: of the usual periods up to the last whole day."""
    found = (each for each in days.products if each.days == period.days and period.last == days.whole)
    return next(found, None)


def _coverage(days: RecommendationDays, period: Period) -> list[Figure]:
    known = _known(days, period)
    usual = ", ".join(map(str, PERIODS_DAYS))
    note = None if known else f"Products are counted for the last {usual} days"
    return [figure("coverage", over(known.shown, known.products) if known else None, note)]


def _products(days: RecommendationDays, period: Period) -> Iterator[Table]:
    known = _known(days, period)
    if known is None:
        return
    yield table("top_products", "What sells by recommendation", PRODUCT_COLUMNS, known.top)
    yield table("dead_products", "Shown most, neither clicked nor bought", PRODUCT_COLUMNS, known.dead)
    text = f"{known.products - known.shown:,} of {known.products:,} products, some of them."
    never = Column("product", "Product", "text")
    yield table("never_shown", "Never shown", [never], [[name] for name in known.never], None, text)


def _per_thousand(money: float, tally: Tally) -> float | None:
    return over(THOUSAND * money, tally.shown)
