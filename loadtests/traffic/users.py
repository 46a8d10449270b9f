"""Locust's users. Arrivals are open: a request is sent when it is due, whatever became of those before it.

For locust's own page: `locust -f loadtests/traffic/users.py --host http://127.0.0.1:8000`.
"""

from collections.abc import Iterator
from itertools import count
from random import Random
from time import perf_counter
from typing import ClassVar

import gevent
from gevent.pool import Group
from locust import FastHttpUser, task

from loadtests.traffic.visits import Call, ShopOnSale, campaign, shop_at, visits

HEADERS = {"Authorization": "Bearer sk_demo", "Accept-Encoding": "identity"}  # pk_demo cannot name customers
TIMEOUT_S = 5.0


class Arrivals(FastHttpUser):
    """One request a second at constant distance, at a phase of its own: rate is number of users.

    Latency counts from the moment a request was due.
    """

    abstract = True
    network_timeout = connection_timeout = TIMEOUT_S
    seed: ClassVar[int] = 7
    shop: ClassVar[ShopOnSale]
    numbers: ClassVar[Iterator[int]] = count()

    def calls(self, rng: Random) -> Iterator[Call]:
        """What this user sends, one after another."""
        raise NotImplementedError

    def on_start(self) -> None:
        if not hasattr(Arrivals, "shop"):
            Arrivals.shop = shop_at(self.host or "")
        rng = Random(f"{self.seed}-{next(self.numbers)}")
        self.script = self.calls(rng)
        self.in_flight = Group()
        gevent.sleep(rng.random())
        self.due = perf_counter()

    def on_stop(self) -> None:
        self.in_flight.join(TIMEOUT_S)

    def wait_time(self) -> float:
        self.due += 1.0
        return max(self.due - perf_counter(), 0.0)

    @task
    def arrive(self) -> None:
        self.in_flight.spawn(self.send, next(self.script), self.due)

    def send(self, call: Call, due: float) -> None:
        late_s = perf_counter() - due
        with self.client.request(
            "GET" if call.body is None else "POST",
            call.path,
            name=call.name,
            json=call.body,
            headers=HEADERS,
            context={"late_s": late_s},
            catch_response=True,
        ) as response:
            response.request_meta["response_time"] += late_s * 1000


class ShopVisitor(Arrivals):
    """One visitor of the shop after another."""

    weight = 9

    def calls(self, rng: Random) -> Iterator[Call]:
        return visits(self.shop, rng)


class EmailCampaign(Arrivals):
    """The shop's mailing, which requests picks for one customer after another."""

    weight = 1

    def calls(self, rng: Random) -> Iterator[Call]:
        return campaign(rng)
