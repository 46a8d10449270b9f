"""The demo shop: written as files such as a shop would hand over, then imported and trained like any."""

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import polars as pl

from features.cli.commands import store
from features.history.archiver import DECISION_SCHEMA
from features.home import Home
from features.importers.catalogue import import_catalogue
from features.importers.costs import import_costs
from features.importers.orders import import_orders
from features.merchant.api_keys import add_demo_keys
from features.merchant.tiers import write_tiers
from features.merchant.versioned_settings import OFFER_CATALOGUE
from features.progress import Report
from features.store.files import replacing
from recommender.offers.catalogue import NO_OFFER, Budget, Catalogue, FrequencyCap
from training.demo.offers.customers import totals_before
from training.demo.offers.simulation import CATALOGUE, DemoShop
from training.demo.shop.offers import PROPENSITIES, VALID_DAYS
from training.demo.shop.season import Calendar
from training.demo.shop.trials import ShopTrials
from training.demo.shop.write import write_demo_shop
from training.errors import CannotTrain
from training.experiments.plans import remember_plans
from training.reports.build import write_insights
from training.run.train import train
from training.settings import TrainingSettings

TIERS = b'{"tiers": [{"name": "Silver", "threshold": 150}, {"name": "Gold", "threshold": 500}]}'
BUDGET, BUDGET_DAYS = 40_000.0, 90


def build_demo(home: Home, seed: int, customers: int, products: int, now: datetime, report: Report) -> None:
    """Make a home with a generated shop in it, ready to serve. Raises CannotTrain."""
    folder = home.root / "demo"
    write_demo_shop(folder, seed=seed, now=now, customers=customers, products=products, report=report)
    import_catalogue(home, str(folder / "catalogue.tsv"), now=now, report=report)
    import_orders(home, folder / "events.jsonl.gz", received_at=now, report=report)
    remember_plans(home, ShopTrials(Calendar(now)).plans)
    with replacing(home.served / f"{now:%Y-%m-%d}" / "demo.parquet") as served:
        shutil.copyfile(folder / "served.parquet", served)
    import_costs(home, folder / "channels.csv", now=now)
    write_tiers(home, TIERS)
    write_campaigns(home, folder)
    with store(home) as client:
        add_demo_keys(home, client, now)
        OFFER_CATALOGUE.save_sync(client, msgspec.json.encode(demo_catalogue(now)), now)
    result = train(home, TrainingSettings(), now, report)
    if not result.published:
        raise CannotTrain("; ".join(result.reasons))
    write_insights(home, report)


def hand_out_keys(home: Home, now: datetime) -> None:
    """Make the demo's keys this home's own."""
    with store(home) as client:
        add_demo_keys(home, client, now)


def first_example(home: Home) -> tuple[str, str]:
    """A customer with a history and a product, to show in a first question."""
    shop = json.loads((home.root / "demo" / "shop.json").read_text())
    customer = next(shopper["customer_id"] for shopper in shop["shoppers"] if shopper["customer_id"])
    return customer, shop["products"][0]["product_id"]


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
