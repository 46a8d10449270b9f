"""The demo shop's offer catalogue, and its past campaigns as a log of offer decisions."""

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from features.history.archiver import DECISION_SCHEMA
from features.home import Home
from features.store.files import replacing
from recommender.offers.catalogue import NO_OFFER, Budget, Catalogue, FrequencyCap
from training.demo.offers.customers import totals_before
from training.demo.offers.simulation import CATALOGUE, DemoShop
from training.demo.shop.offers import PROPENSITIES, VALID_DAYS

BUDGET, BUDGET_DAYS = 2_500.0, 90


def demo_catalogue(now: datetime) -> Catalogue:
    """The offers of the campaigns, on one budget."""
    offers = (msgspec.structs.replace(offer, budgets=("season",)) for offer in CATALOGUE.offers)
    season = Budget(id="season", amount=BUDGET, from_=now, until=now + timedelta(days=BUDGET_DAYS))
    return Catalogue(
        offers=tuple(offers), budgets=(season,), contacts=FrequencyCap(times=3, days=30), minimum_margin=0.1
    )


def write_campaigns(home: Home, folder: Path) -> None:
    """Write offers.csv into the log of decisions, with each customer's features of that day."""
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
    customers, day = shop.truth.customer_ids, (at - shop.now) / timedelta(days=1)
    rows = {customer: row for row, customer in enumerate(customers)}
    who = np.array([rows[customer] for customer in given["customer_id"]])
    contexts = shop.contexts(totals_before(shop.orders, customers, day), day).of(who)
    costs = {offer.id: [offer.costs(basket) for basket in contexts.basket] for offer in CATALOGUE.offers}
    arms = [offer.id for offer in CATALOGUE.offers] + [NO_OFFER]
    n = len(given)
    computed = {
        "expires_at": [at + timedelta(days=VALID_DAYS)] * n,
        "channel": ["email"] * n,
        "stage": ["thin"] * n,
        "arms": [arms] * n,
        "chances": [[PROPENSITIES[arm] for arm in arms]] * n,
        "worth": [[0.0] * len(arms)] * n,
        "features": [list(contexts.by_name)] * n,
        "values": contexts.features.tolist(),
        "basket": contexts.basket,
        "margin": contexts.margin,
        "cost": [costs[arm][index] if arm != NO_OFFER else 0.0 for index, arm in enumerate(given["offer"])],
        "catalogue_revision": [0] * n,
        "model_version": [""] * n,
    }
    logged = given.rename({"at": "decided_at", "offer": "offer_id"}).select(
        "decision_id", "decided_at", "customer_id", "offer_id", "propensity"
    )
    blank = {name: [None] * n for name in DECISION_SCHEMA if name not in logged.columns}
    log = logged.with_columns(pl.Series(name, values) for name, values in {**blank, **computed}.items())
    return log.select(pl.col(name).cast(dtype) for name, dtype in DECISION_SCHEMA.items())
