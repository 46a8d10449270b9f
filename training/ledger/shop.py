"""Everything that reports are made of, read once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

import polars as pl

from features.catalogue.channel_costs import load_costs
from features.catalogue.products import load_products
from features.home import Home
from features.merchant.tiers import read_tiers
from recommender.customers.tiers import BadTiers, TierPlan, read_plan
from recommender.value.segments import Rhythm
from training.ledger.acquisition import channels
from training.ledger.expected_value import fitted_in, forecasts
from training.ledger.ledger import Ledger, ledger_of
from training.ledger.segments import GAP_DAYS, rhythm_of, standings
from training.ledger.touches import read_archive


@dataclass(frozen=True)
class Shop:
    """A shop on a day. people: `Ledger.customers` with channel, segment, vip, recency_days, span_days, and,
    where there is a forecast, its columns (null for customers without one)."""

    ledger: Ledger
    catalogue: pl.DataFrame
    people: pl.DataFrame
    rhythm: Rhythm
    costs: pl.DataFrame
    plan: TierPlan | None
    plan_problem: str | None
    forecast: bool

    @property
    def as_of(self) -> date:
        return self.ledger.as_of

    def of(self, currency: str | None) -> Shop:
        """The orders of one currency and those who placed them."""
        ledger = self.ledger.of(currency)
        return _shop(self, ledger, self.people) if len(self.ledger.currencies) > 1 else self


def load_shop(home: Home, as_of: date, *, foresee: bool = True) -> Shop:
    """A forecast is made where all orders are in one currency, and where it is wanted: it takes longest."""
    catalogue, (plan, problem) = load_products(home), _plan(home)
    archive = read_archive(home, as_of)
    ledger = ledger_of(archive, catalogue, as_of)
    known = ledger.customers.select("customer").join(channels(archive, ledger), on="customer")
    one = foresee and len(ledger.currencies) == 1
    last = ledger.orders["timestamp"].max()
    fitted = fitted_in(home, last) if one and isinstance(last, datetime) else None
    expected = forecasts(home, catalogue, as_of, fitted) if one else None
    if expected is not None:
        known = known.join(expected, on="customer", how="left")
    empty = Shop(
        ledger=ledger,
        catalogue=catalogue,
        people=known,
        rhythm=Rhythm(GAP_DAYS, 0.0, 0.0),
        costs=load_costs(home).filter(pl.col("date") <= as_of),
        plan=plan,
        plan_problem=problem,
        forecast=expected is not None,
    )
    return _shop(empty, ledger, known)


def _plan(home: Home) -> tuple[TierPlan | None, str | None]:
    """The merchant's tiers, or what is wrong with them: no figure waits for that."""
    try:
        return read_plan(read_tiers(home)), None
    except BadTiers as error:
        return None, str(error)


def _shop(shop: Shop, ledger: Ledger, known: pl.DataFrame) -> Shop:
    rhythm = rhythm_of(ledger, GAP_DAYS)
    extra = [name for name in known.columns if name not in ledger.customers.columns or name == "customer"]
    kept = known.select(
        [name for name in extra if name not in ("recency_days", "span_days", "segment", "vip")]
    )
    people = standings(ledger, rhythm).join(kept, on="customer", how="left")
    return replace(shop, ledger=ledger, people=people, rhythm=rhythm)
