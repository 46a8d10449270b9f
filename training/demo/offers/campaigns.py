"""The demo shop's past campaigns and its offers, as a shop that uses Perennial would have them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from features.history.archiver import DECISION_SCHEMA
from features.home import Home
from features.store.files import replacing
from recommender.offers.catalogue import NO_OFFER, Budget, Cap, Catalogue
from training.demo.offers.customers import seen_at
from training.demo.offers.simulation import CATALOGUE, DemoShop
from training.demo.shop.offers import PROPENSITIES, VALID_DAYS

BUDGET, BUDGET_DAYS = 2_500.0, 90


def demo_catalogue(now: datetime) -> Catalogue:
    """The offers of the campaigns, on one budget."""
    offers = (msgspec.structs.replace(offer, budgets=("season",)) for offer in CATALOGUE.offers)
    season = Budget(id="season", amount=BUDGET, from_=now, until=now + timedelta(days=BUDGET_DAYS))
    return Catalogue(
        offers=tuple(offers), budgets=(season,), contacts=Cap(times=3, days=30), minimum_margin=0.1
    )


def write_campaigns(home: Home, folder: Path) -> None:
    """offers.csv into the log of decisions, each customer as the shop saw them on that day."""
    shop = DemoShop(folder)
    log = pl.read_csv(folder / "offers.csv").with_columns(
        at=pl.col("timestamp").str.to_datetime(time_zone="UTC")
    )
    for (at,), given in log.group_by("at", maintain_order=True):
        rows = _decisions(shop, at, given)
        target = home.decisions / f"{at:%Y-%m-%d}" / "campaign.parquet"
        with replacing(target) as fresh:
            rows.write_parquet(fresh)


def _decisions(shop: DemoShop, at: datetime, given: pl.DataFrame) -> pl.DataFrame:
    customers, day = shop.people[0], (at - shop.now) / timedelta(days=1)
    row = {customer: place for place, customer in enumerate(customers)}
    who = np.array([row[customer] for customer in given["customer_id"]])
    asked = shop.questions(seen_at(shop.orders, customers, day), day).of(who)
    costs = {offer.id: [offer.costs(basket) for basket in asked.basket] for offer in CATALOGUE.offers}
    arms = [offer.id for offer in CATALOGUE.offers] + [NO_OFFER]
    n = len(given)
    told = {
        "expires_at": [at + timedelta(days=VALID_DAYS)] * n,
        "channel": ["email"] * n,
        "stage": ["thin"] * n,
        "arms": [arms] * n,
        "chances": [[PROPENSITIES[arm] for arm in arms]] * n,
        "worth": [[0.0] * len(arms)] * n,
        "features": [list(asked.told)] * n,
        "values": asked.features.tolist(),
        "basket": asked.basket,
        "margin": asked.margin,
        "cost": [costs[arm][place] if arm != NO_OFFER else 0.0 for place, arm in enumerate(given["offer"])],
        "catalogue_revision": [0] * n,
        "model_version": [""] * n,
    }
    known = given.rename({"at": "decided_at", "offer": "offer_id"}).select(
        "decision_id", "decided_at", "customer_id", "offer_id", "propensity"
    )
    blank = {name: [None] * n for name in DECISION_SCHEMA if name not in known.columns and name not in told}
    rows = known.with_columns(**{name: pl.Series(name, values) for name, values in {**told, **blank}.items()})
    return rows.select(pl.col(name).cast(kind) for name, kind in DECISION_SCHEMA.items())
