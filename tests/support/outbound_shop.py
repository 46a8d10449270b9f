"""A small shop that sends to a service: `ann` consented, of `bob` only the service knows what he said."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import redis
from small_customers import bundle_with_customers

from features.home import Home
from features.live.ingest import ingest_sync
from features.merchant.versioned_settings import TRIGGER_SETTINGS
from features.outgoing.trigger_queue import BEGINNING
from features.people.aliases import add_links, link
from features.people.names import people_key
from features.store import keys
from features.store.settings import StoreSettings
from training.outbound.send import Round, send
from training.outbound.services.registry import open_service
from training.outbound.state import SentState
from training.worker.outbound_rounds import attempt
from training.worker.trigger_rounds import Lifecycle, merchants_settings

from bundles import write_small
from factories import event
from mail_tools import ADDRESSES

OFF = ("welcome", "thank_you", "reorder", "win_back", "restock", "cross_sell", "review_request", "onboarding")
SETTINGS: Mapping[str, Any] = {"quiet": {"from": "00:00", "until": "00:00"}} | {
    name: {"enabled": False} for name in OFF
}


class OutboundShop:
    """A home with a model, and rounds of one service at any moment; pauses are noted and not waited for."""

    def __init__(self, home: Home, client: redis.Redis, service: str, options: Mapping[str, Any]) -> None:
        self.home, self.client, self.service, self.options = home, client, service, options
        TRIGGER_SETTINGS.save_sync(client, msgspec.json.encode(SETTINGS), datetime.now(UTC))
        self.lifecycle, self.paused = Lifecycle(client, home), list[float]()
        write_small(home.models, bundle_of=bundle_with_customers)
        key = people_key(home)
        for customer, address in ADDRESSES.items():
            add_links(home, link(str(key.email(address)), customer, "email", datetime.now(UTC)))

    @contextmanager
    def state(self) -> Iterator[SentState]:
        with closing(SentState.of(self.home, self.service)) as state:
            yield state

    def round(
        self, later: timedelta = timedelta(), goes_on: Callable[[], bool] = lambda: True
    ) -> Counter[str]:
        """Raises Unavailable, NotAllowed, as a round does."""
        done: Counter[str] = Counter()
        now_ms = int((time.time() + later.total_seconds()) * 1000)
        with (
            self.state() as state,
            closing(open_service(self.service, self.options, self.paused.append)) as destination,
        ):
            knowledge = self.lifecycle.knowledge()
            settings = merchants_settings(self.client)[0]
            this = Round(destination, state, self.home, self.client, knowledge, settings, now_ms, goes_on)
            send(this, done)
        return +done

    def attempt(self, minutes: int = 0) -> None:
        """A round as the worker does it, noted. Raises Unavailable, NotAllowed."""
        now_ms = int(time.time() * 1000) + minutes * 60_000
        with (
            self.state() as state,
            closing(open_service(self.service, self.options, self.paused.append)) as destination,
        ):
            knowledge, settings = self.lifecycle.knowledge(), merchants_settings(self.client)[0]
            round_ = Round(
                destination, state, self.home, self.client, knowledge, settings, now_ms, lambda: True
            )
            attempt(self.service, round_, Counter())

    def listens(self) -> None:
        """From now on: what is handed out is told to the service."""
        with self.state() as state:
            state.note("cursor", BEGINNING)

    def hears(self, kind: str, customer: str, ago: timedelta = timedelta(), **fields: Any) -> None:
        """An event, and the worker's next round, which hands out what is due."""
        at = datetime.now(UTC) - ago
        one = event(kind, at=at, customer_id=customer, **fields)
        ingest_sync(self.client, [one], datetime.now(UTC), StoreSettings())
        self.client.zadd(keys.look_due(), {customer: 0})
        self.lifecycle.round(int(time.time() * 1000))

    def ships(self, customer: str, order: int) -> None:
        """A message about an order is due, whatever was said to promotion."""
        status = {"order_id": f"o-{order}", "status": "shipped"}
        self.hears("order_status", customer, properties=status)
