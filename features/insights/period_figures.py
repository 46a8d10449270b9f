"""The key figures of a period, beside those of the period before."""

from collections.abc import Sequence
from datetime import date

import msgspec
from msgspec.structs import replace

from features.home import Home
from features.insights.days import CurrencyDays, ShopDays, read_days
from features.insights.periods import Period, PeriodAsk
from features.insights.report import Cell, Column, Figure, Part, Plot, Report, Table, figure, table
from features.insights.report_files import read_report

NO_COSTS = "No spending is known: `perennial import costs FILE` (date, channel, spend)"
UNKNOWN_MARGIN = "Costs of too little of the revenue are known: bring a catalogue with costs"
OF_SPENDING = ("spend", "cac", "ltv_to_cac", "ltv_to_cac_predicted")
SERIES = (
    "day",
    "revenue",
    Column("revenue_before", "Revenue before", "money"),
    "orders",
    Column("orders_before", "Orders before", "count"),
    "aov",
    "margin",
    "new_customers",
    "returning_share",
)


def figures_of_period(home: Home, ask: PeriodAsk) -> Report | None:
    """As `period_report`, with what was earned; of all time where no period is asked for.

    None before the first training.
    """
    days, experiments = read_days(home), read_report(home, "experiments")
    if days is None:
        return None
    report = period_report(days, ask.period(days.as_of, days.whole) or days.all_time)
    if experiments is None:
        return report
    return with_earned(report, msgspec.json.decode(experiments, type=Report), days.whole)


def period_report(days: ShopDays, period: Period) -> Report:
    """Each figure with that of the period before, where the shop is as old, and a line a day.

    Customers, repeat rate and LTV are those up to a period's last day.
    """
    parts = [Part(part.currency, _figures(part, period), [_series(part, period)]) for part in days.parts]
    return Report("kpi", "Key figures", days.as_of.isoformat(), parts, days.notes, period=period)


def with_earned(report: Report, experiments: Report, whole: date) -> Report:
    """What Perennial earned in the period comes first, and as the headline.

    Estimates cannot be added up by day: they are known of the periods in the report of experiments alone,
    which end with the last whole day.
    """
    period = report.period
    days = period.days if period and period.last == whole else 0
    rows: dict[str | None, list[list[Cell]]] = {
        part.currency: [row]
        for part in experiments.parts
        for each in part.tables
        if each.name == "earned"
        for row in each.rows
        if row[0] == days
    }
    parts = [
        replace(part, figures=[*map(_earned, rows.get(part.currency, ())), *part.figures])
        for part in report.parts
    ]
    told = next((str(row[-1]) for (row,) in rows.values()), "")
    return replace(report, parts=parts, headline=told)


def _earned(row: list[Cell]) -> Figure:
    _, value, low, high, _, buyers, _ = row
    note = f"Only {buyers} of those held out bought" if value is None else None
    return figure("earned", value, note, low, high)  # type: ignore[arg-type]


def _figures(part: CurrencyDays, period: Period) -> list[Figure]:
    before = period.before if period.before.first >= part.first else None
    earlier = _values(part, before) if before else {}
    notes = {} if part.costs else dict.fromkeys(OF_SPENDING, NO_COSTS)
    notes |= {} if part.contribution is not None else {"margin": UNKNOWN_MARGIN}
    return [
        figure(name, value, notes.get(name), before=earlier.get(name))
        for name, value in _values(part, period).items()
    ]


def _values(part: CurrencyDays, period: Period) -> dict[str, float | None]:
    sums, upto = part.of(period), part.until(period.last)
    share = part.contribution or 1.0
    spend = sums.spend if part.costs else 0.0
    return {
        "revenue": sums.revenue,
        "orders": sums.orders,
        "aov": over(sums.revenue, sums.orders),
        "margin": sums.margin if part.contribution is not None else None,
        "units": sums.units,
        "customers": upto.customers,
        "new_customers": sums.new_customers,
        "repeat_rate": over(upto.repeaters, upto.customers),
        "returning_share": over(sums.again, sums.owned),
        "ltv": over(upto.owned, upto.customers),
        "spend": sums.spend if part.costs else None,
        "cac": over(spend, sums.won_customers) if spend else None,
        "ltv_to_cac": over(sums.won * share, spend),
        "ltv_to_cac_predicted": over((sums.won + sums.coming) * share, spend) if part.forecast else None,
        "attach_rate": over(sums.several, sums.orders),
        "discounted_share": over(sums.discounted, sums.orders),
        "refunded_share": over(sums.gross - sums.revenue, sums.gross),
        "guest_share": over(sums.guests, sums.orders),
    }


def _series(part: CurrencyDays, period: Period) -> Table:
    rows: list[Sequence[Cell]] = []
    for day, earlier in zip(period.each(), period.before.each(), strict=True):
        now, then = part.of(Period(day, day)), part.of(Period(earlier, earlier))
        before = (then.revenue, then.orders) if earlier >= part.first else (None, None)
        rows.append(
            (
                day.isoformat(),
                now.revenue,
                before[0],
                now.orders,
                before[1],
                over(now.revenue, now.orders),
                now.margin if part.contribution is not None else None,
                now.new_customers,
                over(now.again, now.owned),
            )
        )
    return table("by_day", "Day by day", SERIES, rows, Plot("line", "revenue"))


def over(part: float, whole: float) -> float | None:
    """A share or mean; None of nothing."""
    return part / whole if whole else None
