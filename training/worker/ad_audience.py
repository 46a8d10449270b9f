"""The customers whom a shop may name to ad platforms, by stage, for `/v1/feeds/retargeting.csv`."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain, islice
from typing import cast

import polars as pl
import redis

from features.catalogue.live_changes import all_changes
from features.connections.arrivals import note_sync, passed
from features.connections.audience_file import Member, hashed_id, write_audience
from features.connections.feed_tokens import SERVICE
from features.connections.settings_file import read_connections
from features.events.consents import ADVERTISING
from features.history.consent_words import consent_words, last_words
from features.home import Home
from features.live.customer_facts import CustomerState, DatedFact, fold_customer, parse_facts
from features.live.shopper_state import milliseconds
from features.people.aliases import current_names
from features.people.names import FORMER
from features.store import keys
from features.store.failover import reconnecting
from features.store.locks import held
from features.store.parts import Part
from features.store.tombstones import read_tombstones
from recommender.customers.build_profile import brief_profile
from recommender.customers.journey import journey
from recommender.model import versions
from recommender.model.availability import Availability
from recommender.model.bundle import Bundle
from training.privacy.erase import LOCK

ROUND_S, FIRST_S = 3_600.0, 30.0
CONSENT = f"consent:{ADVERTISING}"
CUSTOMERS_A_STEP, SCANNED_AT_ONCE = 500, 1_000


def keep_audience(client: redis.Redis, home: Home, stop: threading.Event) -> None:
    """Write the file every hour until `stop` is set, where the shop has connected feeds."""
    part, pause_s = Part("audience", home, every_s=ROUND_S), FIRST_S
    while not stop.wait(pause_s):
        pause_s = ROUND_S
        with part.round(), reconnecting(client):
            if SERVICE in read_connections(home):
                write_members(client, home, time.time())


def write_members(client: redis.Redis, home: Home, now: float) -> int:
    """One round; returns how many customers are named. now: epoch s. Nobody is erased meanwhile.

    Raises redis.RedisError, OSError.
    """
    bundle = versions.load_current(home.models)
    if bundle is None:
        return 0
    with held(home.root / LOCK):
        number = write_audience(home, _members(client, home, bundle, now))
    note_sync(client, passed(SERVICE, "audience", datetime.fromtimestamp(now, UTC), number))
    return number


def _members(client: redis.Redis, home: Home, bundle: Bundle, now: float) -> Iterator[Member]:
    shelf = Availability.of(bundle.tables).changed(bundle.tables, all_changes(client))
    emails, erased, told = _emails(home), read_tombstones(home), _told_by_history(home)
    yes = {name for name, word in told.items() if word.value == "1"}
    names = chain(yes, _customers_with_facts(client, yes))
    while step := list(islice(names, CUSTOMERS_A_STEP)):
        agreed = _who_agreed(client, [name for name in step if not erased.holds("customer", name)], told)
        for name, state in zip(agreed, _states(client, agreed), strict=True):
            member = _member(bundle, shelf, name, state, now)
            if member is not None:
                yield member._replace(email=emails.get(name) or _own_hash(name))


def _told_by_history(home: Home) -> dict[str, DatedFact]:
    """Customer -> their last word about advertising, of a file or live."""
    words = last_words(consent_words(home, ADVERTISING)).select("customer_id", "at", "given")
    return {name: DatedFact(milliseconds(at), "1" if given else "0") for name, at, given in words.iter_rows()}


def _customers_with_facts(client: redis.Redis, others: Collection[str]) -> Iterator[str]:
    """All others who may have agreed to anything, each once."""
    prefix, seen = keys.customer_facts("", identified=True), set[bytes]()
    for key in client.scan_iter(match=f"{prefix}*", count=SCANNED_AT_ONCE):
        name = key.decode().removeprefix(prefix)
        if key not in seen and name not in others:
            seen.add(key)
            yield name


def _who_agreed(
    client: redis.Redis, customers: Sequence[str], told: Mapping[str, DatedFact]
) -> dict[str, DatedFact]:
    """Those who said yes to advertising last, and that word; others are not read further."""
    with client.pipeline(transaction=False) as pipe:
        for name in customers:
            pipe.hmget(keys.customer_facts(name, identified=True), [CONSENT])
        replies = cast(list[list[bytes | None]], pipe.execute())
    agreed = {}
    for name, [said] in zip(customers, replies, strict=True):
        live = parse_facts({CONSENT.encode(): said}).get(CONSENT) if said else None
        last = max(filter(None, (told.get(name), live)), key=_newest, default=None)
        if last and last.value == "1":
            agreed[name] = last
    return agreed


def _newest(word: DatedFact) -> tuple[int, bool]:
    """Of two words at one time the no counts."""
    return word.at_ms, word.value != "1"


def _states(client: redis.Redis, agreed: Mapping[str, DatedFact]) -> list[CustomerState]:
    with client.pipeline(transaction=False) as pipe:
        for name in agreed:
            pipe.lrange(keys.shopper_log(name, identified=True), 0, -1)
            pipe.hgetall(keys.customer_facts(name, identified=True))
        replies = pipe.execute()
    return [
        fold_customer(log, parse_facts(facts) | {CONSENT: word})
        for log, facts, word in zip(replies[::2], replies[1::2], agreed.values(), strict=True)
    ]


def _member(
    bundle: Bundle, shelf: Availability, name: str, state: CustomerState, now: float
) -> Member | None:
    """None of who is at no stage, or objects to profiling after all."""
    if not state.allows_advertising:
        return None
    tables, orders = bundle.tables, state.shopper.purchases
    bought = {product for order in orders for product in order.product_ids}
    trained = tables.purchases.of(tables.customers.row(name)).items
    bought |= {tables.products.name(item) for item in trained.tolist()}
    profile = brief_profile(name, bundle, shelf, orders, None, now)
    at = journey(state, profile, bought, int(now * 1000))
    return at and Member("", hashed_id(name), max(profile.revenue, 0.0), at.stage, at.products)


def _own_hash(name: str) -> str:
    """Of a customer whom imports of before named by it."""
    return name if FORMER.fullmatch(name) else ""


def _emails(home: Home) -> dict[str, str]:
    """Customer -> the hash of their address, which is a further name of theirs, or the only one."""
    names = current_names(home).filter(pl.col("alias").str.contains(f"^(?:{FORMER.pattern})$"))
    return dict(zip(names["customer_id"], names["alias"], strict=True))
