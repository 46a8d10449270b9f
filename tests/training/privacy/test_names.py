"""Whoever is erased under one name is gone under all, and comes back under none."""

from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import redis
from histories import archive

from features.home import Home
from features.importers.customers import import_customers
from features.importers.orders import import_orders
from features.importers.reasons import RejectReason
from features.live.ingest import ingest_sync
from features.people.aliases import load_people
from features.people.kept_emails import TABLE_FILE, begin_keeping, emails_of
from features.people.links import EMAIL, MERGE, link_names_sync
from features.people.names import people_key
from features.privacy.person import meant_by
from features.store.redis_server import RedisServer
from features.store.settings import StoreSettings
from features.upkeep.rebuild import rebuild
from training.privacy.erase import erase
from training.privacy.export import export_person

from bundles import NOW
from factories import event
from person import traces

ADDRESS, NUMBER, SHOP_ID, SECOND_ID = "eve.moreau@example.org", "+33612345678", "K-990017", "K-990018"
FORMER = sha256(ADDRESS.encode()).hexdigest()


@pytest.mark.parametrize("asked", [SHOP_ID, ADDRESS, "the former name"])
def test_all_names_go_with_one(home: Home, settings: StoreSettings, tmp_path: Path, asked: str) -> None:
    digest = str(people_key(home).email(ADDRESS))
    asked = {"the digest": digest, "the former name": FORMER}.get(asked, asked)
    names = (ADDRESS, digest, FORMER, SHOP_ID, SECOND_ID, "12345678")
    begin_keeping(home)
    with RedisServer(home, settings) as server, redis.Redis.from_url(server.url) as client:
        client.config_set("rdbcompression", "no")
        _live(home, client, settings, tmp_path)
        assert {what for _, what in traces(home, client, names)} == set(names)
        held = export_person(home, client, settings, asked, NOW)
        assert held["names"]
        assert held["emails"] == [ADDRESS]
        assert traces(home, client, (digest,)) >= {(TABLE_FILE, digest)}
        erase(home, client, settings, asked)
        assert traces(home, client, names) == set()
        assert emails_of(home) == {}
        assert load_people(home).select("alias", "customer_id").rows() == [("c-other", "bob")]
        rebuild(home, client, settings, NOW)
        assert traces(home, client, names) == set()
    file = tmp_path / "orders.csv"
    summary = import_orders(home, file, received_at=NOW)
    assert summary.set_aside == {RejectReason.ERASED.value: 1}
    again = import_customers(home, _customers(tmp_path), now=NOW)
    assert again.set_aside[RejectReason.ERASED.value] == 2
    assert again.linked == 0


def _customers(folder: Path) -> Path:
    path = folder / "customers.csv"
    path.write_text(
        "customer_id,email,phone,newsletter\n"
        f"{SHOP_ID},{ADDRESS},{NUMBER},yes\nunknown,,'06 12 34 56 78,yes\n"
        f"{SHOP_ID},{ADDRESS},0033 6 12345678,odd\n"
    )
    return path


def _live(home: Home, client: redis.Redis, settings: StoreSettings, folder: Path) -> None:
    archive(home, [event("purchase", customer_id=FORMER, order_id="98", items=[("TEA", 1, 5.0)])])
    (folder / "orders.csv").write_text(
        "Name,Email,Created at,Currency,Total,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku\n"
        f"#1,{ADDRESS},2026-10-01 10:00:00 +0000,EUR,30,1,Tea,30,TEA\n"
    )
    import_orders(home, folder / "orders.csv", received_at=NOW)
    import_customers(home, _customers(folder), now=NOW + timedelta(minutes=1))
    events = [event("view", customer_id=SHOP_ID), event("view", customer_id=SECOND_ID)]
    ingest_sync(client, events, NOW, settings)
    link_names_sync(client, SHOP_ID, [SECOND_ID], MERGE, settings)
    link_names_sync(client, "bob", ["c-other"], EMAIL, settings)


def test_an_address_finds_its_customer(home: Home, tmp_path: Path) -> None:
    import_customers(home, _customers(tmp_path), now=NOW)
    digest = str(people_key(home).email(ADDRESS))
    assert meant_by(home, ADDRESS) == {digest}
    assert meant_by(home, f"{digest[:10]}…") == {digest}
    assert meant_by(home, SHOP_ID) == {SHOP_ID}
    assert meant_by(home, "nobody@example.org") == frozenset()
