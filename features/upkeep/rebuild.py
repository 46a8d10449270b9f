"""Live state worked out again from the history: every event is taken once more, as it was."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, cast

import msgspec
import polars as pl
import redis

from features.catalogue.names import publish_names
from features.events.vocabulary import Event, EventContext, Order, OrderItem
from features.history.archiver import Archiver
from features.history.events_parquet import (
    CLAIM,
    is_purchase,
    is_word_of_file,
    read_files,
    scan,
    scan_with_repeats,
)
from features.history.table_files import table_files
from features.home import Home
from features.live.ingest import EventAndArrival, remember_sync, replay_sync
from features.people.aliases import load_people, with_current_names
from features.people.shared_links import share_links
from features.progress import Report, silent
from features.store import keys
from features.store.settings import StoreSettings
from features.store.tombstones import share_tombstones

REBUILT = (
    keys.SHOPPER_LOGS,
    keys.customer_facts_prefix(),
    keys.alias(""),
    keys.seen_event(""),
    *(keys.seen_order(kind, "") for kind in ("purchase", "refund", "cancel")),
)
LIVE = pl.col("source").is_in(["live", CLAIM])  # came by HTTP
KEPT_FOR_GOOD = ("consent", "loyalty")  # a no to profiling, and points
STEP = 2_000
COLUMNS = (
    "type",
    "timestamp",
    "received_at",
    "customer_id",
    "anonymous_id",
    "session_id",
    "order_id",
    "refund_id",
    "revision",
    "currency",
    "coupon",
    "country",
    "utm_source",
    "discount",
    "recommendation_id",
    "extra",
    "source",
)
OF_LINES = ("product_id", "quantity", "unit_price")


class Rebuilt(NamedTuple):
    """events: replayed, since: the oldest day that live state remembers."""

    events: int
    since: datetime

    def as_dict(self) -> dict[str, Any]:
        return self._asdict()

    def lines(self) -> Iterator[tuple[str, str]]:
        yield "Events replayed", f"{self.events:,}, from {self.since:%Y-%m-%d} on"
        yield (
            "Not in the history",
            "settings of merchandising, offers, triggers and experiments, messages sent, offers promised: "
            "`perennial restore` brings them back from a backup",
        )


def rebuild(
    home: Home, client: redis.Redis, settings: StoreSettings, now: datetime, report: Report = silent
) -> Rebuilt:
    """Replace the live state of all shoppers by what the history says. Nobody may send events meanwhile.

    Imported orders never were in live state, and stay out of it, but are recognised; of an order that came
    live, what a file has changed since is taken. Raises
    redis.RedisError, OSError.
    """
    Archiver(client, home, settings).run(burst=True)
    _forget_live_state(client)
    share_tombstones(home, client)
    since = now - timedelta(days=max(settings.shopper_ttl_days, settings.order_memory_days))
    files = sorted(table_files(home.events), key=_arrival)
    told, events = _told(home), 0
    for number, path in enumerate(files):
        report("Replaying the history", number, len(files))
        remembered = (pl.col("received_at") >= since) | pl.col("type").is_in(KEPT_FOR_GOOD)
        arrived = list(_events(home, path, told & remembered))
        for start in range(0, len(arrived), STEP):
            events += replay_sync(client, arrived[start : start + STEP], now, settings)
    client.delete(keys.replayed_stream())
    share_links(client, dict(load_people(home).select("alias", "customer_id").iter_rows()), settings)
    remember_imported(home, client, settings, now)
    return Rebuilt(events, since)


def remember_imported(
    home: Home,
    client: redis.Redis,
    settings: StoreSettings,
    now: datetime,
    arrived: datetime | None = None,
) -> None:
    """Let live state recognise the orders, refunds and cancellations that files brought, so that one told of
    again by HTTP does not count twice, the products under all their names, and the consents. What it knows
    later stays as it is. Raises redis.RedisError.

    arrived: when the import began whose orders these are; None: those of all imports.
    """
    since = now - timedelta(days=settings.order_memory_days)
    imported = ~LIVE & pl.col("order_id").is_not_null() & (pl.col("timestamp") >= since)
    consents = ~LIVE & (pl.col("type") == "consent")
    if arrived is not None:
        imported &= pl.col("received_at") == arrived
        consents &= pl.col("received_at") == arrived
    for path in sorted(table_files(home.events), key=_arrival):
        events = [event for event, _ in _events(home, path, imported)]
        for start in range(0, len(events), STEP):
            remember_sync(client, events[start : start + STEP], now, settings)
        said = [EventAndArrival(event, now) for event, _ in _events(home, path, consents)]
        for start in range(0, len(said), STEP):
            replay_sync(client, said[start : start + STEP], now, settings)
    publish_names(client, home)


def _told(home: Home) -> pl.Expr:
    """Rows that came live, those about the same orders in files instead where these are newer; of an order
    that was edited live the newest word."""
    live_orders = scan_with_repeats(home).filter(LIVE, pl.col("order_id").is_not_null()).select("order_id")
    words = scan(home).filter(is_word_of_file()).join(live_orders.unique(), on="order_id", how="semi")
    told = words.select("event_id", "order_id", "type").collect()
    edited = scan(home).filter(LIVE, is_purchase(), pl.col("revision") > 0)
    newest = edited.select("event_id", "order_id").unique().collect()
    replaced = told.filter(pl.col("type") == "purchase")["order_id"].implode()
    older = pl.col("order_id").is_in(newest["order_id"].implode())
    older &= ~pl.col("event_id").is_in(newest["event_id"].implode())
    outdated = is_purchase() & (pl.col("order_id").is_in(replaced) | older)
    return (LIVE & ~outdated.fill_null(value=False)) | pl.col("event_id").is_in(told["event_id"].implode())


def _forget_live_state(client: redis.Redis) -> None:
    for prefix in REBUILT:
        found: list[bytes] = []
        for key in client.scan_iter(match=f"{prefix}*", count=1_000):
            found.append(key)
            if len(found) == 1_000:
                client.delete(*found)
                found.clear()
        if found:
            client.delete(*found)


def _arrival(path: Path) -> tuple[str, list[int]]:
    """Files in the order of the stream: named by the ids of their first and last entry, or by chance."""
    first = path.stem.split("-")[:2]
    return path.parent.name, [int(part) for part in first] if all(map(str.isdecimal, first)) else []


def _events(home: Home, path: Path, chosen: pl.Expr) -> Iterator[EventAndArrival]:
    """Events of the chosen rows, in the order of their arrival, under the names of customers now."""
    events = (
        with_current_names(read_files([path]), home)
        .filter(chosen)
        .collect()
        .unique(("event_id", "line"), keep="first", maintain_order=True)
        .sort("line", maintain_order=True)
        .group_by("event_id", maintain_order=True)
        .agg(*(pl.col(name).first() for name in COLUMNS), *OF_LINES)
    )
    for row in events.iter_rows(named=True):
        yield EventAndArrival(event_of(row), row["received_at"])


def event_of(row: dict[str, Any]) -> Event:
    """The event of a row, whose OF_LINES are lists, with all that live state needs."""
    extra = cast(dict[str, Any], msgspec.json.decode(row["extra"])) if row["extra"] else {}
    lines = [
        OrderItem(product, 1.0 if quantity is None else quantity, price)
        for product, quantity, price in zip(*(row[name] for name in OF_LINES), strict=True)
        if product is not None
    ]
    one = lines[0] if lines and row["order_id"] is None else None
    loose = row["type"] == "refund" and not lines
    order = None
    if row["order_id"] is not None:
        other = row["refund_id"] if row["type"] == "purchase" else None
        order = Order(
            row["order_id"],
            tuple(lines),
            row["currency"],
            row["discount"],
            row["coupon"],
            other_number=other,
        )
    return Event(
        type=row["type"],
        event_id=row["event_id"],
        timestamp=row["timestamp"],
        customer_id=row["customer_id"],
        anonymous_id=row["anonymous_id"],
        session_id=row["session_id"],
        product_id=one.product_id if one else None,
        quantity=one.quantity if one else (row["quantity"][0] if loose else None) or 1.0,
        unit_price=row["unit_price"][0] if loose else one.unit_price if one else None,
        order=order,
        query=extra.get("query"),
        context=EventContext(country=row["country"], language=extra.get("language")),
        properties=extra.get("properties"),
        claimed=row["source"] == CLAIM,
        revision=row["revision"] or 0,
    )
