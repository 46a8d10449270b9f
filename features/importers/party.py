"""The lines of a file under the names that their customers go by in this home."""

import secrets
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import polars as pl

from features.home import Home
from features.importers.erased_people import with_erased
from features.importers.existing import Existing
from features.importers.people import (
    NAMES,
    People,
    plan_people,
    sealed_emails,
    with_names,
    without_nobodies,
)
from features.people.aliases import load_people, no_people
from features.people.kept_emails import email_seal
from features.people.names import KEY_BYTES, KEY_FILE, PeopleKey, people_key
from features.store.tombstones import read_tombstones


class Party(NamedTuple):
    """lines: with `customer_id` as the name now, and `own_name` as the line itself says; nobodies: rows with
    an id that names nobody; emails: those that the home is to keep."""

    lines: pl.DataFrame
    people: People
    nobodies: int
    emails: pl.DataFrame


def identified(home: Home, lines: pl.DataFrame, existing: Existing, at: datetime, *, dry_run: bool) -> Party:
    """Name the customers of checked lines, set the erased aside, and find out who is who."""
    somebodies, nobodies = without_nobodies(lines)
    named = with_names(somebodies, _key(home, dry_run=dry_run))
    if home.root.exists():
        named = with_erased(named, read_tombstones(home))
    links = load_people(home) if home.root.exists() else no_people()
    good = named.select("shop_id", "own_name", *NAMES, "reason").filter(pl.col("reason").is_null())
    people = plan_people(good, links, existing.events["customer_id"].drop_nulls(), at)
    current = pl.col("customer_id").replace(people.names["alias"], people.names["customer_id"])
    return Party(
        named.with_columns(customer_id=current).drop(*NAMES, "shop_id", "email", "phone", "person"),
        people,
        nobodies,
        sealed_emails(named, None if dry_run else email_seal(home)),
    )


def with_customers(existing: Existing, people: People) -> Existing:
    """The same history, its customers under the names that new links give them."""
    current = pl.col("customer_id").replace(people.names["alias"], people.names["customer_id"])
    return replace(existing, events=existing.events.with_columns(customer_id=current))


def _key(home: Home, *, dry_run: bool) -> PeopleKey:
    """The home's; of a dry run in a home without one, one of its own: nothing is created."""
    if dry_run and not (home.root / KEY_FILE).exists():
        return PeopleKey(secrets.token_bytes(KEY_BYTES))
    return people_key(home)
