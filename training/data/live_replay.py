"""The history replayed event by event into live state: the state of each customer at a moment."""

from collections import defaultdict, deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import polars as pl

from features.events.vocabulary import Event, EventContext, Order, OrderItem
from features.history import events_parquet as history
from features.home import Home
from features.live.customer_facts import PLACED, DatedFact, Fact, facts_of, fold_customer
from features.live.shopper_state import LOGGED_TYPES, REVERSAL_TYPES, ShopperLog, entry_of
from features.outgoing.trigger_queue import TriggerState
from features.store.settings import StoreSettings

REPLAYED_TYPES = sorted(LOGGED_TYPES | PLACED | {"ticket", "survey", "referral"})
REPLAYED_COLUMNS = (
    "type",
    "timestamp",
    "received_at",
    "customer_id",
    "anonymous_id",
    "order_id",
    "country",
    "extra",
)


class Replay:
    """Logs and facts of shoppers, as ingest keeps them; key: (whether the id is a customer's, id)."""

    def __init__(self, log_length: int) -> None:
        self.logs: dict[tuple[bool, str], deque[bytes]] = defaultdict(lambda: deque(maxlen=log_length))
        self.facts: dict[tuple[bool, str], dict[str, DatedFact]] = defaultdict(dict)
        self._customer_of: dict[str, str] = {}
        self._buyer_of: dict[str, tuple[str | None, str | None]] = {}
        self._early: dict[str, list[bytes]] = defaultdict(list)  # takes back an order that is to come

    def apply(self, event: Event, received_at: datetime) -> None:
        """Add one event; call this in order of arrival."""
        customer, browser = event.customer_id, event.anonymous_id
        if event.order and event.type == "purchase":
            self._buyer_of.setdefault(event.order.order_id, (customer, browser))
        elif event.order and event.type in REVERSAL_TYPES and not (customer or browser):
            customer, browser = self._buyer_of.get(event.order.order_id, (None, None))
            if (customer, browser) == (None, None) and (waiting := entry_of(event, received_at)):
                self._early[event.order.order_id].append(waiting)
        if customer and browser:
            self._join(customer, browser)
        customer = customer or self._customer_of.get(browser or "")
        owners = [(True, customer)] if customer else []
        owners += [(False, browser)] if browser else []
        entry = entry_of(event, received_at)
        for owner in owners if entry else ():
            self.logs[owner].append(entry)  # type: ignore[arg-type]
        if event.order and event.type == "purchase":
            for waiting in self._early.pop(event.order.order_id, ()):
                for owner in owners:
                    self.logs[owner].append(waiting)
        for fact in facts_of(event) if owners else ():
            self._note(owners[0], fact)

    def states(self) -> Iterator[tuple[str, TriggerState]]:
        """Every customer with what was known of them, as if no trigger had ever been sent."""
        for is_customer, name in self.logs.keys() | self.facts.keys():
            if is_customer:
                owner = (is_customer, name)
                yield (
                    name,
                    TriggerState(fold_customer(reversed(self.logs[owner]), self.facts[owner]), {}, {}, ()),
                )

    def log(self, customer: str | None, browser: str | None) -> ShopperLog:
        """What serving would read of a shopper now: the logs of both ids are one history, newest first."""
        owners = [(True, customer)] if customer else []
        owners += [(False, browser)] if browser else []
        newest_first = [entry for owner in owners for entry in reversed(self.logs.get(owner, ()))]
        return ShopperLog(list(dict.fromkeys(newest_first)))

    def _join(self, customer: str, browser: str) -> None:
        before = self._customer_of.get(browser)
        if before == customer:
            return
        self._customer_of[browser] = customer
        log, facts = self.logs.pop((False, browser), ()), self.facts.pop((False, browser), {})
        if before is None:
            self.logs[True, customer].extend(log)
            for name, fact in facts.items():
                self._note((True, customer), Fact(name, fact.at_ms, fact.value))

    def _note(self, owner: tuple[bool, str], fact: Fact) -> None:
        before = self.facts[owner].get(fact.name)
        if before is None or (fact.at_ms < before.at_ms if fact.earliest else fact.at_ms >= before.at_ms):
            self.facts[owner][fact.name] = DatedFact(fact.at_ms, fact.value)


def replay(home: Home, as_of: datetime, settings: StoreSettings) -> Replay:
    """Replay all events up to `as_of` that live state would still hold."""
    state = Replay(settings.shopper_log_length)
    for event, received_at in arrivals(home, as_of - timedelta(days=settings.shopper_ttl_days), as_of):
        state.apply(event, received_at)
    return state


def arrivals(home: Home, since: datetime, until: datetime) -> Iterator[tuple[Event, datetime]]:
    """The events of a period that change live state, and when they arrived, in that order."""
    joins = pl.col("customer_id").is_not_null() & pl.col("anonymous_id").is_not_null()  # of any event type
    rows = (
        history.scan(home)
        .filter(pl.col("type").is_in(REPLAYED_TYPES) | joins, pl.col("timestamp").is_between(since, until))
        .sort("event_id", "line")
        .group_by("event_id", maintain_order=True)
        .agg(
            *(pl.col(name).first() for name in REPLAYED_COLUMNS),
            "product_id",
            "quantity",
            "unit_price",
            "discount",
        )
        .sort("received_at", "timestamp")
        .collect()
    )
    for row in rows.iter_rows(named=True):
        yield _event(row), row["received_at"]


def _event(row: dict[str, Any]) -> Event:
    """The event of a row, with the fields that live state needs."""
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
