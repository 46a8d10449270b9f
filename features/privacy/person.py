"""Which ids and which rows of the files are a person's."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar, cast

import polars as pl
import redis

from features.home import Home
from features.people.aliases import load_people, names_of
from features.people.names import BY_EMAIL, KEY_FILE, SHORTENED, former_name, is_digest, people_key
from features.store import keys
from features.store.tombstones import Kind

Item = TypeVar("Item")
KEYS_A_STEP = 1_000
REVERSALS = ("refund", "cancel")
ORDER_COLUMNS = {"order_id", "type"}


@dataclass(frozen=True)
class PersonIds:
    """The ids of people who go together.

    browsers: those that no other customer used; sessions: visits of theirs; events: their event ids; numbers:
    of their orders, refunds and cancellations.
    """

    customers: frozenset[str]
    browsers: frozenset[str] = frozenset()
    sessions: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    orders: frozenset[str] = frozenset()
    numbers: frozenset[tuple[str, str]] = frozenset()

    def names(self) -> Iterator[tuple[Kind, str]]:
        """What a tombstone is set for."""
        kinds: dict[Kind, frozenset[str]] = {
            "customer": self.customers,
            "browser": self.browsers,
            "session": self.sessions,
            "order": self.orders,
        }
        for kind, ids in kinds.items():
            yield from ((kind, name) for name in sorted(ids))

    def rows(self, columns: Collection[str]) -> pl.Expr:
        """Boolean per row of a table with these columns: it is theirs.

        A row that names a customer is that customer's alone; others go by browser, visit and order.
        """
        theirs = _is_in("customer_id", self.customers)
        nobodys = pl.col("customer_id").is_null()
        for column, ids in (("anonymous_id", self.browsers), ("session_id", self.sessions)):
            if column in columns:
                theirs |= nobodys & _is_in(column, ids)
        if set(columns) >= ORDER_COLUMNS:
            takes_back = pl.col("type").is_in(REVERSALS) & _is_in("order_id", self.orders)
            theirs |= nobodys & (takes_back | _is_in("event_id", self.events))
        return theirs


def find_person(home: Home, client: redis.Redis, customers: Iterable[str]) -> PersonIds:
    """Their ids, by all names that they go by, the archived history, the impressions, and who uses which
    browser now.

    Archive the streams first: what waits there is not looked at.
    """
    ids = names_of(home, _with_addresses(home, customers))
    rows = pl.concat([_visits(home.events), _visits(home.served)])
    own = rows.filter(_is_in("customer_id", ids))
    linked = _distinct(own, "anonymous_id") | browsers_now(client, ids)
    used = rows.filter(_is_in("anonymous_id", linked), pl.col("customer_id").is_not_null())
    browsers = linked - _distinct(used.filter(~_is_in("customer_id", ids)), "anonymous_id")
    alone = rows.filter(pl.col("customer_id").is_null(), _is_in("anonymous_id", browsers))
    sessions = _distinct(own, "session_id") | _distinct(alone, "session_id")
    person = PersonIds(ids, browsers, sessions)
    events = scan_files(home.events)
    return person if events is None else _with_numbers(person, events)


def _with_addresses(home: Home, customers: Iterable[str]) -> frozenset[str]:
    """The names, and those that e-mail addresses and telephone numbers among them stand for."""
    given = frozenset(customers)
    if not (home.root / KEY_FILE).exists():
        return given
    key = people_key(home)
    found = {each for name in given for each in (key.email(name), key.phone(name)) if each}
    former = {each for name in given if key.email(name) and (each := former_name(name))}
    return given | found | former


def meant_by(home: Home, name: str) -> frozenset[str]:
    """Known names that this one means: itself, an address's or number's, or those that begin as reports show
    them (`c-3fa2b1c0…`)."""
    known = customers_of(home) | frozenset(load_people(home)["alias"])
    exact = _with_addresses(home, [name]) & known
    beginning = name.rstrip("…")
    if exact or not SHORTENED.fullmatch(beginning):
        return exact
    former = beginning.removeprefix(BY_EMAIL)
    return frozenset(each for each in known if is_digest(each) and each.startswith((beginning, former)))


def customers_of(home: Home) -> frozenset[str]:
    """Every customer that the history or the impressions name."""
    return _distinct(pl.concat([_visits(home.events), _visits(home.served)]), "customer_id")


def _with_numbers(person: PersonIds, events: pl.LazyFrame) -> PersonIds:
    """The person with event ids and numbers; a refund or cancellation that names nobody goes by its order."""
    columns = events.collect_schema().names()
    bought = events.filter(person.rows(columns), pl.col("type") == "purchase")
    person = replace(person, orders=_distinct(bought, "order_id"))
    rows = events.filter(person.rows(columns))
    numbers = [rows.select("type", number=name) for name in ("order_id", "refund_id")]
    numbered = pl.concat(numbers).drop_nulls().unique().collect()
    return replace(person, events=_distinct(rows, "event_id"), numbers=frozenset(numbered.iter_rows()))


def in_steps(items: Iterable[Item]) -> Iterator[list[Item]]:
    """As many at a time as one call to Redis may name without delaying others."""
    rest = iter(items)
    while step := list(islice(rest, KEYS_A_STEP)):
        yield step


def scan_files(folder: Path) -> pl.LazyFrame | None:
    """All rows of a folder's parquet files, repeats too; None without files."""
    files = sorted(folder.glob("*/*.parquet"))
    return pl.scan_parquet(files, missing_columns="insert", extra_columns="ignore") if files else None


def _visits(folder: Path) -> pl.LazyFrame:
    columns = ("customer_id", "anonymous_id", "session_id")
    rows = scan_files(folder)
    return pl.LazyFrame(schema=dict.fromkeys(columns, pl.String)) if rows is None else rows.select(columns)


def browsers_now(client: redis.Redis, customers: frozenset[str]) -> frozenset[str]:
    """Browsers that they used last, also those that others used before."""
    prefix, browsers = keys.alias(""), set[str]()
    found = client.scan_iter(match=f"{prefix}*", count=KEYS_A_STEP)
    for page in in_steps(found):
        users = cast(list[bytes | None], client.mget(page))
        browsers |= {
            key.decode().removeprefix(prefix)
            for key, user in zip(page, users, strict=True)
            if user is not None and user.decode() in customers
        }
    return frozenset(browsers)


def _is_in(column: str, names: Collection[str]) -> pl.Expr:
    known: Any = pl.Series(sorted(names), dtype=pl.String).implode()
    return pl.col(column).is_in(known).fill_null(value=False)


def _distinct(rows: pl.LazyFrame, column: str) -> frozenset[str]:
    return frozenset(rows.select(pl.col(column).drop_nulls().unique()).collect().to_series())
