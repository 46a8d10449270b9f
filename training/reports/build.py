"""All reports of a shop, and the files that the service reads."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import polars as pl

from features.history.events_parquet import scan
from features.home import Home
from features.insights.days import write_days
from features.insights.period_figures import period_report, with_earned
from features.insights.periods import PeriodAsk
from features.insights.recommendation_days import write_recommendation_days
from features.insights.recommendation_figures import report_of_recommendations
from features.insights.report import Part
from features.insights.report import Report as Figures
from features.insights.report_files import write_report
from features.progress import Report, silent
from training.ledger.ledger import Ledger
from training.ledger.shop import Shop, load_shop
from training.reports.affinities import affinities
from training.reports.channels import channels
from training.reports.cohorts import cohorts
from training.reports.days import days_of
from training.reports.experiments import experiments_report
from training.reports.kpi import kpi
from training.reports.model import model_report
from training.reports.next_steps import next_steps_report
from training.reports.offers import offers_report
from training.reports.policy import finished_outcomes, policy_report, with_margin_told
from training.reports.pricing import pricing
from training.reports.recommendations import recommendation_days
from training.reports.segments import customers, segments

BUILDERS: dict[str, tuple[str, Callable[[Shop, str | None], Part]]] = {
    "kpi": ("Key figures", kpi),
    "cohorts": ("Cohorts", cohorts),
    "segments": ("Segments and tiers", segments),
    "channels": ("Channels", channels),
    "affinities": ("What customers like", affinities),
    "pricing": ("Prices and discounts", pricing),
    "customers": ("Customers", customers),
}
NO_ORDERS_YET = "No orders yet: `perennial import orders FILE` brings them in."
SMALL_SHOP_CUSTOMERS = 100
LIVE_DAYS = 31  # without any event, after which a history is a data set of its time


def build_report(shop: Shop, name: str) -> Figures:
    """One of BUILDERS, with a part for each currency; a shop without orders has one part without figures."""
    title, build = BUILDERS[name]
    parts = [build(shop.of(currency), currency) for currency in shop.ledger.currencies or [None]]
    return Figures(name, title, shop.as_of.isoformat(), parts, notes(shop))


def write_insights(home: Home, report: Report = silent) -> None:
    """Write every report that the service reads, as of now; see `newest_day`."""
    report("Figures", 0, 1)
    now = datetime.now(UTC)
    shop = load_shop(home, newest_day(home, now), now=now)
    for name in BUILDERS:
        if name != "customers":
            write_report(home, build_report(shop, name))
    write_days(home, days_of(shop, notes(shop)))
    recommended = recommendation_days(home, shop)
    write_recommendation_days(home, recommended)
    usual = report_of_recommendations(recommended, PeriodAsk())
    others = experiments_report(home, shop), usual, next_steps_report(home, shop)
    for each in (*others, *decision_reports(home, shop)):
        write_report(home, each)
    report("Figures", 1, 1)


def decision_reports(home: Home, shop: Shop) -> list[Figures]:
    """The reports of offers, of offer policies and of the published model."""
    decision_outcomes, currency = finished_outcomes(home), next(iter(shop.ledger.currencies), None)
    return [
        offers_report(home, decision_outcomes, shop.as_of, currency),
        policy_report(decision_outcomes, shop.as_of, currency),
        with_margin_told(model_report(home, shop.as_of.isoformat()), decision_outcomes),
    ]


def report_of_period(home: Home, shop: Shop, ask: PeriodAsk) -> Figures:
    """As `GET /v1/insights/kpi` answers, worked out now."""
    days = days_of(shop, notes(shop))
    period = ask.period(days.as_of, days.whole) or days.all_time
    return with_earned(period_report(days, period), experiments_report(home, shop), days.whole)


def newest_day(home: Home, now: datetime) -> date:
    """Today; of a data set, whose newest event is older than LIVE_DAYS, the day of that."""
    newest = scan(home).select(pl.col("timestamp").max()).collect().item()
    is_past = isinstance(newest, datetime) and now - newest > timedelta(days=LIVE_DAYS)
    return newest.date() if is_past else now.date()


def notes(shop: Shop) -> list[str]:
    """Caveats that a reader must know before trusting the figures."""
    ledger, n = shop.ledger, len(shop.customers)
    if ledger.orders.is_empty():
        return [NO_ORDERS_YET]
    texts = [shop.plan_problem] if shop.plan_problem else []
    if len(ledger.currencies) > 1:
        texts.append(_several_currencies(ledger))
    if ledger.assumed:
        texts.append(
            f"{ledger.assumed:,} orders name no currency; they are taken to be in {ledger.currencies[0]}."
        )
    if ledger.unpriced:
        texts.append(f"{ledger.unpriced:,} lines have no price; they count at their product's mean price.")
    if n < SMALL_SHOP_CUSTOMERS:
        texts.append(f"Only {n} customers: shares and means may change much with the next few.")
    return texts


def _several_currencies(ledger: Ledger) -> str:
    counts = {currency: len(ledger.of(currency).orders) for currency in ledger.currencies}
    named = ", ".join(f"{currency or 'none'} ({count:,} orders)" for currency, count in counts.items())
    return (
        f"Orders are in several currencies: {named}. Each is told apart, and a customer who ordered in two "
        f"counts in both; forecasts are of those in {ledger.currencies[0] or 'none'}. To have all in one, "
        "tell what the others are worth: `perennial import rates FILE`."
    )
