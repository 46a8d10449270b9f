"""The demo shop: written as files such as a shop would hand over, then imported and trained like any."""

import json
import shutil
from datetime import datetime

import msgspec

from features.cli.commands import store
from features.home import Home
from features.importers.catalogue import import_catalogue
from features.importers.costs import import_costs
from features.importers.orders import import_orders
from features.merchant.api_keys import add_demo_keys
from features.merchant.tiers import write_tiers
from features.merchant.versioned_settings import OFFER_CATALOGUE
from features.progress import Report
from features.store.files import replacing
from training.demo.offers.campaigns import demo_catalogue, write_campaigns
from training.demo.shop import write_demo_shop
from training.demo.shop.season import Calendar
from training.demo.shop.trials import ShopTrials
from training.errors import CannotTrain
from training.experiments.plans import remember_plans
from training.reports.build import write_insights
from training.run.train import train
from training.settings import TrainingSettings

TIERS = b'{"tiers": [{"name": "Silver", "threshold": 150}, {"name": "Gold", "threshold": 500}]}'


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
