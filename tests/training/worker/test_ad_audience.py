"""Whom a shop may name to ad platforms, and how. Covers audience_file.py, journey.py, and the feed, too."""

import csv
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import redis
from small_customers import bundle_with_customers

from features.connections.audience_file import audience_path, read_audience
from features.home import Home
from features.importers.customers import import_customers
from features.live.ingest import ingest_sync
from features.people.aliases import add_links, link
from features.store.settings import StoreSettings
from features.store.tombstones import add_tombstones
from training.worker.ad_audience import write_members

from bundles import NOW, write_small
from factories import event

EMAIL = sha256(b"ann@example.org").hexdigest()
HOUR = timedelta(hours=1)


class Shop:
    """A home with a model: `ann` ordered tea and a mug until 25 days ago, `bob` a kettle yesterday."""

    def __init__(self, home: Home, client: redis.Redis, settings: StoreSettings) -> None:
        self.home, self.client, self.settings = home, client, settings

    def says(self, customer: str, *, later: timedelta = timedelta(), **consents: bool) -> None:
        told = event("consent", at=NOW - 2 * HOUR + later, customer_id=customer, properties=dict(consents))
        ingest_sync(self.client, [told], NOW, self.settings)

    def does(self, customer: str, kind: str, product: str, ago: timedelta = HOUR) -> None:
        fields = {"customer_id": customer, "product_id": product}
        ingest_sync(self.client, [event(kind, at=NOW - ago, **fields)], NOW, self.settings)

    def written(self, days: int = 0) -> dict[str, dict[str, str]]:
        """Stage -> the row of the one customer who is there, `days` later."""
        write_members(self.client, self.home, NOW.timestamp() + days * 86_400)
        rows = csv.DictReader(audience_path(self.home).read_text().splitlines())
        return {row["stage"]: row for row in rows}


@pytest.fixture
def shop(home: Home, client: redis.Redis, settings: StoreSettings) -> Shop:
    write_small(home.models, bundle_of=bundle_with_customers)
    add_links(home, link(EMAIL, "ann", "email", NOW))
    return Shop(home, client, settings)


def test_nobody_is_named_who_did_not_agree_to_advertising(shop: Shop) -> None:
    shop.does("ann", "view", "pot")
    assert shop.written() == {}
    shop.says("ann", email=True, all=True)
    assert shop.written() == {}
    shop.says("ann", later=HOUR, ad_user_data=True)
    assert len(shop.written(10)) == 1
    shop.says("ann", later=2 * HOUR, advertising=False)
    assert shop.written(10) == {}


def test_an_objection_to_profiling_or_an_erasure_outweighs_it(shop: Shop) -> None:
    for name in ("ann", "bob"):
        shop.says(name, advertising=True)
    shop.says("ann", later=HOUR, profiling=False)
    assert set(shop.written()) == {"bought"}
    add_tombstones(shop.home, shop.client, [("customer", "bob")])
    assert shop.written() == {}


def test_each_stage_has_what_they_want_and_have_not_bought(shop: Shop) -> None:
    shop.says("ann", advertising=True)
    shop.does("ann", "view", "pot", 3 * HOUR)
    shop.does("ann", "view", "tin")
    shop.does("ann", "view", "tea")  # which she buys anyway
    viewed = shop.written(10)["viewed"]
    assert (viewed["products"], viewed["email"], viewed["value"]) == ("tin|pot", EMAIL, "60.00")
    assert viewed["extern_id"] == sha256(b"ann").hexdigest()
    shop.does("ann", "add_to_cart", "cup")
    assert shop.written(10)["carted"]["products"] == "cup"
    assert set(shop.written(400)) == {"lapsed"}


def test_who_bought_lately_is_to_be_left_out(shop: Shop) -> None:
    shop.says("bob", advertising=True)
    shop.does("bob", "view", "pot")
    assert shop.written()["bought"]["email"] == ""


def test_a_file_is_read_by_stage_and_for_each_platform(shop: Shop) -> None:
    for name in ("ann", "bob"):
        shop.says(name, advertising=True)
    shop.does("ann", "add_to_cart", "cup")
    shop.written()
    path = audience_path(shop.home)
    assert path.stat().st_mode & 0o077 == 0
    whole = b"".join(read_audience(path, None, "meta")).splitlines()
    assert (whole[0], len(whole)) == (b"email,extern_id,value,stage,products", 3)
    assert len(b"".join(read_audience(path, "bought", "meta")).splitlines()) == 2
    assert b"".join(read_audience(path, None, "google")) == b"Email\n%b\n" % EMAIL.encode()


def test_a_customers_file_alone_gives_an_audience(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    rows = ["Customer ID,Email,Advertising", f"ann,{' Ann'}@Example.org,yes", "bob,bob@example.org,no"]
    file.write_text("\n".join(rows))
    import_customers(shop.home, file, exported_at=NOW - 3 * HOUR, now=NOW)
    [row] = shop.written(400).values()
    assert (row["stage"], row["email"]) == ("lapsed", EMAIL)
    shop.says("bob", later=HOUR, advertising=True)
    shop.says("ann", later=HOUR, advertising=False)
    assert set(shop.written()) == {"bought"}
