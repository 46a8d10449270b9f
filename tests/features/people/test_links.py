"""Names become one person's: in the home's table, in Redis, and in all that is live.

Covers features/people/aliases.py and features/people/shared_links.py, too.
"""

from datetime import timedelta

import polars as pl
import pytest
import redis

from features.history import events_parquet as history
from features.history.archiver import Archiver
from features.home import Home
from features.live.customer_facts import fold_customer, parse_facts
from features.live.ingest import ingest_sync, read_log
from features.people.aliases import (
    add_links,
    current_name,
    followed,
    link,
    load_people,
    names_of,
    remove_aliases,
)
from features.people.links import (
    EMAIL,
    MERGE,
    NOTHING_SEEN,
    changes_since,
    link_names,
    link_names_sync,
    owner_of,
)
from features.people.shared_links import forget_links, share_links, take_links
from features.store import keys
from features.store.connection import Connection
from features.store.settings import StoreSettings

from factories import NOW, event

ADDRESS = "c-184a5420afd81b87ce601523"


def test_chains_lead_to_their_end(home: Home) -> None:
    for alias, owner in [("sha", ADDRESS), (ADDRESS, "4711"), ("4711", "4800")]:
        add_links(home, link(alias, owner, "email", NOW))
    assert set(followed(load_people(home))["customer_id"]) == {"4800"}
    assert names_of(home, ["sha"]) == {"sha", ADDRESS, "4711", "4800"}
    assert remove_aliases(home, ["4711"]) == 1
    assert current_name(home, "sha") == "4711"
    assert names_of(home, ["4800"]) == {"4800"}


def test_the_history_is_the_persons(home: Home, client: redis.Redis, settings: StoreSettings) -> None:
    events = [event("purchase", customer_id=ADDRESS), event("purchase", customer_id="4711")]
    ingest_sync(client, events, NOW, settings)
    assert link_names_sync(client, "4711", [ADDRESS], EMAIL, settings).changed
    Archiver(client, home, settings).run(burst=True)
    assert history.scan(home).collect()["customer_id"].to_list() == ["4711", "4711"]
    raw = pl.read_parquet(home.events / "*" / "*.parquet")["customer_id"]
    assert set(raw) == {ADDRESS, "4711"}
    assert take_links(client, home) == 0


async def test_what_is_live_moves(store: Connection, client: redis.Redis, settings: StoreSettings) -> None:
    later = NOW + timedelta(minutes=1)
    events = [
        event("view", customer_id=ADDRESS, product_id="tea"),
        event("consent", customer_id=ADDRESS, properties={"email": True, "sms": True}),
        event("consent", customer_id="4711", properties={"email": False}, at=later),
        event("view", customer_id="4711", product_id="mug", at=later),
    ]
    ingest_sync(client, events, NOW, settings)
    linked = await link_names(store, "4711", [ADDRESS], EMAIL, settings)
    assert (linked.customer_id, linked.taken, linked.changed) == ("4711", (), True)
    assert (await read_log(store, "4711", None)).fold().viewed == ("mug", "tea")
    facts = parse_facts(client.hgetall(keys.customer_facts("4711", identified=True)))  # type: ignore[arg-type]
    assert fold_customer((), facts).all_consents() == {"email": False, "sms": True}
    assert not [key for key in client.scan_iter() if ADDRESS.encode() in key]
    assert client.zscore(keys.look_due(), ADDRESS) is None
    assert not (await link_names(store, "4711", [ADDRESS], EMAIL, settings)).changed


async def test_an_address_never_joins_two_customers(store: Connection, settings: StoreSettings) -> None:
    await link_names(store, "4711", [ADDRESS], EMAIL, settings)
    linked = await link_names(store, "4712", [ADDRESS], EMAIL, settings)
    assert (linked.customer_id, linked.taken, linked.changed) == ("4712", (ADDRESS,), False)
    assert await owner_of(store, ADDRESS) == "4711"
    merged = await link_names(store, "4711", ["4712"], MERGE, settings)
    assert merged.changed
    again = await link_names(store, "4712", ["4711"], MERGE, settings)
    assert (again.customer_id, again.changed) == ("4711", False)


async def test_a_browser_of_the_old_name_is_the_new_ones(
    store: Connection, client: redis.Redis, settings: StoreSettings
) -> None:
    ingest_sync(client, [event("identify", customer_id="A", anonymous_id="kitchen")], NOW, settings)
    ingest_sync(
        client, [event("purchase", customer_id="A", order_id="o-1", items=[("tea", 1, 5.0)])], NOW, settings
    )
    await link_names(store, "B", ["A"], MERGE, settings)
    later = [event("view", anonymous_id="kitchen", product_id="cup"), event("refund", order_id="o-1")]
    ingest_sync(client, later, NOW, settings)
    state = (await read_log(store, "B", None)).fold()
    assert state.viewed == ("cup",)
    assert state.purchases == ()
    assert not (await read_log(store, "A", None)).entries


async def test_processes_hear_of_it(store: Connection, client: redis.Redis, settings: StoreSettings) -> None:
    assert await changes_since(store, NOTHING_SEEN) is None
    await link_names(store, "4711", [ADDRESS], EMAIL, settings)
    first = await changes_since(store, NOTHING_SEEN)
    assert first
    assert first.names == {ADDRESS: "4711"}
    assert await changes_since(store, first.seen) is None
    await link_names(store, "B", ["A"], MERGE, settings)
    second = await changes_since(store, first.seen)
    assert second
    assert second.names["A"] == "B"
    forget_links(client, ["A"])
    third = await changes_since(store, second.seen)
    assert third
    assert third.is_whole
    assert third.names == {ADDRESS: "4711"}


@pytest.mark.parametrize("used", [(), (ADDRESS,)])
async def test_links_of_an_import_are_shared(
    store: Connection, client: redis.Redis, settings: StoreSettings, used: tuple[str, ...]
) -> None:
    ingest_sync(client, [event("view", customer_id=ADDRESS)], NOW, settings)
    share_links(client, {ADDRESS: "4711"}, settings, used)
    assert await owner_of(store, ADDRESS) == "4711"
    assert bool((await read_log(store, "4711", None)).entries) == bool(used)
    assert not client.exists(f"{keys.people()}:news")
