"""The tables that all reports are computed from, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import polars as pl

from features.catalogue.channel_costs import load_costs
from features.catalogue.products import load_products
from features.history.events_parquet import scan
from features.home import Home
from features.merchant.tiers import read_tiers
from recommender.customers.tiers import BadTiers, TierPlan, read_plan
from recommender.value.segments import Rhythm
from training.data.currencies import usual_currency
from training.ledger.expected_value import forecasts, serving_model
from training.ledger.ledger import Ledger, ledger_of
from training.ledger.segments import GAP_DAYS, acquisition_channels, rhythm_of, with_segments
from training.ledger.touches import read_archive, until


@dataclass(frozen=True)
class Shop:
    """A shop on a day. customers: `Ledger.customers` with channel, segment, vip, recency_days, span_days
    and, where there is a forecast, its columns (null for customers without one). The forecast is of the
    orders in the usual currency. agreed: how many customers agreed to e-mails. clock: the moment that
    segments are of; serving_rhythm: of the model whose segments they are, None: of the ledger's own; emails:
    customer -> address, where they are to be shown."""

    ledger: Ledger
    catalogue: pl.DataFrame
    customers: pl.DataFrame
    clock: datetime
    serving_rhythm: Rhythm | None
    rhythm: Rhythm
    costs: pl.DataFrame
    plan: TierPlan | None
    plan_problem: str | None
    forecast: bool
    usual_currency: str | None
    agreed: int
    emails: Mapping[str, str] = field(default_factory=dict)

    @property
    def as_of(self) -> date:
        return self.ledger.as_of

    @property
    def whole(self) -> date:
        """The last day that was over at `clock`."""
        return self.as_of if self.clock >= until(self.as_of) else self.as_of - timedelta(days=1)

    def of(self, currency: str | None) -> Shop:
        """The orders of one currency and those who placed them."""
        if len(self.ledger.currencies) <= 1:
            return self
        part = replace(self, forecast=self.forecast and currency == self.usual_currency)
        return _with_ledger(part, self.ledger.of(currency), self.customers)


def load_shop(home: Home, as_of: date, *, with_forecast: bool = True, now: datetime | None = None) -> Shop:
    """A shop at the end of a day. now: where that day is not over, the moment to go by; then segments and
    forecasts are those that the serving model gives.

    A forecast takes longest, and is made where asked for; it is of the orders in the usual currency.
    """
    clock = until(as_of) if now is None else min(until(as_of), now)
    serving = serving_model(home) if clock == now else None
    catalogue, (plan, problem) = load_products(home), _plan(home)
    archive = read_archive(home, as_of)
    ledger = ledger_of(archive, catalogue, as_of)
    customers = ledger.customers.select("customer").join(acquisition_channels(archive, ledger), on="customer")
    predict = with_forecast and len(ledger.orders) > 0
    expected = forecasts(home, catalogue, as_of, serving) if predict else None
    if expected is not None:
        customers = customers.join(expected, on="customer", how="left")
    empty = Shop(
        ledger=ledger,
        catalogue=catalogue,
        customers=customers,
        clock=clock,
        serving_rhythm=serving.rhythm if serving else None,
        rhythm=Rhythm(GAP_DAYS, 0.0, 0.0),
        costs=load_costs(home).filter(pl.col("date") <= as_of),
        plan=plan,
        plan_problem=problem,
        forecast=expected is not None,
        usual_currency=usual_currency(scan(home)),
        agreed=int((archive.facts["consent"] == "true").sum()),
    )
    return _with_ledger(empty, ledger, customers)


def _plan(home: Home) -> tuple[TierPlan | None, str | None]:
    """The merchant's tiers, or what is wrong with them: reports are built without tiers then."""
    try:
        return read_plan(read_tiers(home)), None
    except BadTiers as error:
        return None, str(error)


def _with_ledger(shop: Shop, ledger: Ledger, customers: pl.DataFrame) -> Shop:
    """The shop with another ledger; columns of `customers` that do not depend on it are kept."""
    rhythm = shop.serving_rhythm or rhythm_of(ledger, GAP_DAYS)
    extra = [name for name in customers.columns if name not in ledger.customers.columns or name == "customer"]
    extra_columns = customers.select(
        [name for name in extra if name not in ("recency_days", "span_days", "segment", "vip")]
    )
    known = "expected_orders_365d" in extra_columns.columns
    expected = extra_columns.select("customer", "expected_orders_365d") if known else None
    customers = with_segments(ledger.customers, rhythm, shop.clock, expected)
    customers = customers.join(extra_columns, on="customer", how="left")
    return replace(shop, ledger=ledger, customers=customers, rhythm=rhythm)
