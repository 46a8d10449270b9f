"""Histories for tests of training: events written to a real archive and read back."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from msgspec import structs

from features.catalogue.products import load_products, merge_products
from features.events.vocabulary import Event
from features.history.event_rows import event_rows
from features.history.events_parquet import schema, write_rows
from features.home import Home
from training.data.history import History, load_history

from factories import NOW, event


def order(
    *products: str,
    customer: str | None = None,
    days_ago: float = 0,
    order_id: str | None = None,
    **fields: Any,
) -> Event:
    """A purchase of one piece each at 10."""
    items = [(product, 1, 10.0) for product in products]
    at = NOW - timedelta(days=days_ago)
    return event("purchase", at=at, order_id=order_id, items=items, customer_id=customer, **fields)


def archive(home: Home, events: Iterable[Event], received_at: datetime = NOW) -> None:
    """Write events to the home's history."""
    rows = [row for one in events for row in event_rows(one, received_at)]
    write_rows(home, pl.DataFrame(rows, schema=schema()), received_at)


def old_clocks() -> list[Event]:
    """Purchases with impossible times, which imports refuse today but an old history may hold."""
    years = (1, 1969, 1970, 9999)
    return [structs.replace(order("a"), timestamp=datetime(year, 1, 1, tzinfo=UTC)) for year in years]


def list_products(home: Home, titles: Mapping[str, str | None], **columns: Any) -> None:
    """Put products into the home's catalogue."""
    rows = pl.DataFrame({"product_id": list(titles), "title": list(titles.values()), **columns})
    merge_products(home, rows, NOW)


def history_of(home: Home, *events: Event) -> History:
    """The history that training reads of these events and the home's catalogue."""
    archive(home, events)
    return load_history(home, load_products(home))
