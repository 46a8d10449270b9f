"""The history again, event by event, as live state: what was known of each customer at a moment."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import polars as pl

from features.events.vocabulary import Event, EventContext, Order, OrderItem
from features.history import events_parquet as history
from features.home import Home
from features.live.customer_facts import PLACED, DatedFact, Fact, facts_of, live
from features.live.shopper_state import LOGGED_TYPES, REVERSAL_TYPES, entry_of
from features.outgoing.trigger_queue import Standing
from features.store.settings import StoreSettings

TYPES = sorted(LOGGED_TYPES | PLACED | {"ticket", "survey", "referral"})
COLUMNS = ("type", "timestamp", "received_at", "customer_id", "anonymous_id", "order_id", "country", "extra")


class Replay:
    """Logs and facts by shopper, as ingest keeps them; key: (whether known, id)."""

    def __init__(self, log_length: int) -> None:
        self.logs: dict[tuple[bool, str], deque[bytes]] = defaultdict(lambda: deque(maxlen=log_length))
        self.told: dict[tuple[bool, str], dict[str, DatedFact]] = defaultdict(dict)
        self._customer_of: dict[str, str] = {}
        self._buyer_of: dict[str, tuple[str | None, str | None]] = {}

    def take(self, event: Event, received_at: datetime) -> None:
        """One event, in the order of arrival."""
        customer, browser = event.customer_id, event.anonymous_id
        if event.order and event.type == "purchase":
            self._buyer_of.setdefault(event.order.order_id, (customer, browser))
        elif event.order and event.type in REVERSAL_TYPES and not (customer or browser):
            customer, browser = self._buyer_of.get(event.order.order_id, (None, None))
        if customer and browser:
            self._join(customer, browser)
        customer = customer or self._customer_of.get(browser or "")
        owners = [(True, customer)] if customer else []
        owners += [(False, browser)] if browser else []
        entry = entry_of(event, received_at)
        for owner in owners if entry else ():
            self.logs[owner].append(entry)  # type: ignore[arg-type]
        for fact in facts_of(event) if owners else ():
            self._note(owners[0], fact)

    def standings(self) -> Iterator[tuple[str, Standing]]:
        """Every customer, and what was known of them. Nothing was ever sent."""
        for known, name in self.logs.keys() | self.told.keys():
            if known:
                owner = (known, name)
                yield name, Standing(live(reversed(self.logs[owner]), self.told[owner]), {}, {}, ())

    def _join(self, customer: str, browser: str) -> None:
        before = self._customer_of.get(browser)
        if before == customer:
            return
        self._customer_of[browser] = customer
        log, told = self.logs.pop((False, browser), ()), self.told.pop((False, browser), {})
        if before is None:
            self.logs[True, customer].extend(log)
            for name, said in told.items():
                self._note((True, customer), Fact(name, said.at_ms, said.value))

    def _note(self, owner: tuple[bool, str], fact: Fact) -> None:
        before = self.told[owner].get(fact.name)
        if before is None or (fact.at_ms < before.at_ms if fact.earliest else fact.at_ms >= before.at_ms):
            self.told[owner][fact.name] = DatedFact(fact.at_ms, fact.value)


def replay(home: Home, as_of: datetime, settings: StoreSettings) -> Replay:
    """Everything that happened until then, within the life of live state."""
    since = as_of - timedelta(days=settings.shopper_ttl_days)
    joins = pl.col("customer_id").is_not_null() & pl.col("anonymous_id").is_not_null()  # of whatever type
    rows = (
        history.scan(home)
        .filter(pl.col("type").is_in(TYPES) | joins, pl.col("timestamp").is_between(since, as_of))
        .sort("event_id", "line")
        .group_by("event_id", maintain_order=True)
        .agg(*(pl.col(name).first() for name in COLUMNS), "product_id", "quantity", "unit_price", "discount")
        .sort("received_at", "timestamp")
        .collect()
    )
    state = Replay(settings.shopper_log_length)
    for row in rows.iter_rows(named=True):
        state.take(_event(row), row["received_at"])
    return state


def _event(row: dict[str, Any]) -> Event:
    """As far as live state goes."""
    extra = msgspec.json.decode(row["extra"]) if row["extra"] else {}
    lines = [
        OrderItem(product, quantity or 1.0, price)
        for product, quantity, price in zip(
            row["product_id"], row["quantity"], row["unit_price"], strict=True
        )
        if product is not None
    ]
    one = lines[0] if lines and row["order_id"] is None else None
    loose = not lines and row["type"] == "refund"
    return Event(
        type=row["type"],
        event_id=row["event_id"],
        timestamp=row["timestamp"],
        customer_id=row["customer_id"],
        anonymous_id=row["anonymous_id"],
        product_id=one.product_id if one else None,
        quantity=(one.quantity if one else row["quantity"][0] if loose else None) or 1.0,
        unit_price=row["unit_price"][0] if loose else None,
        order=Order(row["order_id"], tuple(lines), discount=row["discount"][0]) if row["order_id"] else None,
        query=extra.get("query"),
        context=EventContext(country=row["country"]) if row["country"] else None,
        properties=extra.get("properties"),
    )
