"""Parts of the service are killed at random: what was acknowledged is kept, and counts once.

Also: neither logs nor metrics hold ids of people, their e-mail addresses or phone numbers.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, cast

import httpx
import psutil
import pytest
import redis

from features.history import events_parquet as history
from features.home import Home
from features.live.shopper_state import fold
from features.store import keys
from features.store.redis_server import redis_server
from features.store.settings import StoreSettings

from bundles import write_small
from scale import EVENTS, KILLS
from serving import running
from waiting import eventually

SENDERS, BATCH, OF_A_SHOPPER = 4, 20, 100
PARTS = ("redis-server", "--role worker", "-m api")
PRODUCTS = ("mug", "pot", "tea", "cup")
SECRETS = ("@people.example", "+49170")  # of every customer's id, and in every event

Json = dict[str, Any]


@dataclass
class Shopper:
    """What is true of a shopper after all events, worked out in one pass."""

    viewed: list[str] = field(default_factory=list)
    cart: dict[str, float] = field(default_factory=dict)
    orders: dict[str, dict[str, float]] = field(default_factory=dict)

    def take(self, event: Json) -> None:
        kind, product = event["type"], event.get("product_id", "")
        if "again" in event:
            return
        if kind == "view":
            self.viewed = [product, *(each for each in self.viewed if each != product)]
        elif kind in {"add_to_cart", "remove_from_cart"}:
            change = 1 if kind == "add_to_cart" else -1
            self.cart[product] = max(self.cart.get(product, 0) + change, 0)
        elif kind == "purchase":
            order = event["order"]
            lines = {line["product_id"]: line["quantity"] for line in order["items"]}
            self.orders.setdefault(order["order_id"], lines)
            for bought in lines:
                self.cart.pop(bought, None)
        elif kind == "cancel":
            self.orders.pop(event["order"]["order_id"])


def events_of(rng: random.Random, sender: int, number: int, begin: datetime) -> Iterator[Json]:
    """Visits of a sender's own shoppers, oldest first; some orders are told of twice, some are cancelled."""
    told: deque[Json] = deque(maxlen=20)
    for n in range(number):
        customer = f"c-{sender}-{n // OF_A_SHOPPER}{SECRETS[0]}"
        event: Json = {"customer_id": customer, "properties": {"phone": f"{SECRETS[1]}{n}"}}
        event |= {
            "event_id": f"e-{sender}-{n}",
            "timestamp": f"{begin + timedelta(milliseconds=n):%FT%T.%fZ}",
        }
        if n % OF_A_SHOPPER == 0:
            told.clear()
        draw = rng.random()
        if draw < 0.02 and told:
            event |= {"type": "purchase", "order": told[-1], "again": True}
        elif draw < 0.04 and told:
            event |= {"type": "cancel", "order": {"order_id": told.pop()["order_id"]}}
        elif draw < 0.15:
            lines = rng.sample(PRODUCTS, rng.randint(1, 3))
            items = [{"product_id": each, "quantity": rng.randint(1, 3), "unit_price": 4.0} for each in lines]
            told.append({"order_id": f"o-{sender}-{n}", "items": items})
            event |= {"type": "purchase", "order": told[-1]}
        else:
            kind = rng.choices(["view", "add_to_cart", "remove_from_cart"], [6, 2, 1])[0]
            event |= {"type": kind, "product_id": rng.choice(PRODUCTS)}
        yield event


class Sender(threading.Thread):
    """Sends events in order, each batch again with the same ids until it is acknowledged."""

    def __init__(self, url: str, events: list[Json]) -> None:
        super().__init__()
        self._url, self._events = url, events
        self.acknowledged = self.repeated = 0

    def run(self) -> None:
        with httpx.Client(base_url=self._url, timeout=10) as http:
            for start in range(0, len(self._events), BATCH):
                batch = [
                    {k: v for k, v in each.items() if k != "again"}
                    for each in self._events[start : start + BATCH]
                ]
                while not taken(http, batch):
                    self.repeated += 1
                    time.sleep(0.05)
                self.acknowledged += len(batch)


def taken(http: httpx.Client, events: list[Json]) -> bool:
    with suppress(httpx.TransportError):
        return http.post("/v1/events", json={"events": events}).status_code == 202
    return False


def have_acknowledged(senders: list[Sender], number: int) -> bool:
    return sum(each.acknowledged for each in senders) >= number


def kill(supervisor: psutil.Process, word: str) -> bool:
    """Whether that part ran."""
    with suppress(psutil.NoSuchProcess):
        for child in supervisor.children():
            if word in " ".join(child.cmdline()):
                child.kill()
                child.wait(timeout=10)
                return True
    return False


def kill_at_random(
    supervisor: psutil.Process, url: str, senders: list[Sender], rng: random.Random
) -> list[float]:
    """Spread evenly over what is acknowledged; seconds after each until events were taken again."""
    waits: list[float] = []
    total = SENDERS * (EVENTS // SENDERS)
    with httpx.Client(base_url=url, timeout=10) as probe:
        for number in range(KILLS):
            due = total * (number + 1) // (KILLS + 1)
            eventually(partial(have_acknowledged, senders, due), within_s=600)
            word = rng.choice(PARTS)
            eventually(partial(kill, supervisor, word), within_s=60)
            began = time.monotonic()
            view = [{"type": "view", "event_id": f"probe-{number}", "product_id": "mug"}]
            eventually(partial(taken, probe, view), within_s=60)
            waits.append(time.monotonic() - began)
    return waits


def test_nothing_acknowledged_is_lost_or_counts_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERENNIAL_ARCHIVE_INTERVAL_S", "2")  # so that the history, too, is killed at work
    home, rng = Home(tmp_path / "home"), random.Random(20261130)
    write_small(home.models)
    begin = datetime.now(UTC) - timedelta(hours=2)
    sent = [list(events_of(rng, sender, EVENTS // SENDERS, begin)) for sender in range(SENDERS)]
    shoppers: dict[str, Shopper] = {}
    for event in (each for events in sent for each in events):
        shoppers.setdefault(event["customer_id"], Shopper()).take(event)
    ids = {each["event_id"] for events in sent for each in events if "again" not in each}
    with running("serve", "--home", str(home.root)) as (process, url):
        log: list[str] = []
        reader = threading.Thread(target=lambda: log.extend(process.stdout or ()), daemon=True)
        reader.start()
        senders = [Sender(url, events) for events in sent]
        for each in senders:
            each.start()
        waits = kill_at_random(psutil.Process(process.pid), url, senders, rng)
        for each in senders:
            each.join()
        eventually(lambda: archived(home) >= ids, within_s=120)
        with redis_server(home, StoreSettings(redis_url=None)) as own, redis.Redis.from_url(own) as client:
            assert {name: live(client, name) for name in shoppers} == {
                name: state(each) for name, each in shoppers.items()
            }
        metrics = httpx.get(f"{url}/metrics").text
    print(f"{len(ids)} events, {KILLS} kills, {sum(each.repeated for each in senders)} batches sent again")
    print(f"taken again after at most {max(waits):.1f} s, median {median(waits):.1f} s")
    assert {each for each in archived(home) if not each.startswith("probe-")} == ids
    assert not [secret for secret in (*SECRETS, "c-0-0") if secret in metrics + "".join(log)]


def archived(home: Home) -> set[str]:
    return set(history.scan(home).select("event_id").collect()["event_id"])


def live(client: redis.Redis, customer: str) -> Json:
    log = cast(list[bytes], client.lrange(keys.shopper_log(customer, identified=True), 0, -1))
    state = fold(log)
    orders = {
        each.order_id: dict(zip(each.product_ids, each.quantities, strict=True)) for each in state.purchases
    }
    return {"viewed": list(state.viewed), "cart": state.cart, "orders": orders}


def state(shopper: Shopper) -> Json:
    cart = {product: quantity for product, quantity in shopper.cart.items() if quantity > 0}
    return {"viewed": shopper.viewed, "cart": cart, "orders": shopper.orders}
