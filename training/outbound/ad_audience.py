"""The customers whom a shop may name to ad platforms, by their stage, written for `/v1/feeds/retargeting.csv`."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import cast

import polars as pl
import redis

from features.catalogue.live_changes import all_changes
from features.connections.arrivals import note_sync, passed
from features.connections.audience_file import Member, hashed_id, write_audience
from features.connections.feed_tokens import SERVICE
from features.connections.settings_file import read_connections
from features.home import Home
from features.live.customer_facts import CustomerState, fold_customer, parse_facts
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
CUSTOMERS_A_STEP = 500


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
    note_sync(client, passed(SERVICE, "audience", _utc(now), number))
    return number


def _members(client: redis.Redis, home: Home, bundle: Bundle, now: float) -> Iterator[Member]:
    shelf = Availability.of(bundle.tables).changed(bundle.tables, all_changes(client))
    emails, erased = _emails(home), read_tombstones(home)
    names = filter(None, map(bundle.tables.customers.name, range(len(bundle.tables.customers))))
    known = dict(zip(*current_names(home).get_columns(), strict=True))
    people = dict.fromkeys(known.get(name, name) for name in names)
    rest = iter(name for name in people if not erased.holds("customer", name))
    while step := list(islice(rest, CUSTOMERS_A_STEP)):
        agreed = [name for name, yes in zip(step, _may_be_named(client, step), strict=True) if yes]
        for name, state in zip(agreed, _states(client, agreed), strict=True):
            member = _member(bundle, shelf, name, state, emails.get(name, ""), now)
            if member is not None and state.allows_advertising:
                yield member
