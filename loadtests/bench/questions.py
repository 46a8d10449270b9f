"""The requests of the bench: raw HTTP of customers with a history, from a glance to a long visit."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

from loadtests.traffic.visits import ShopOnSale

VISITING_CUSTOMERS = 200
LIVE_EVENTS = ("view",) * 14 + ("search",) * 2 + ("add_to_cart",) * 4
LONGEST_VISIT = 30  # events
PLACEMENTS = ("home", "product_complements", "cart")
REQUEST_HEAD = "Host: localhost\r\nAuthorization: Bearer sk_demo\r\n"  # a public one cannot name customers
_numbers = count()


@dataclass(frozen=True)
class Scene:
    """The customers and products that requests are drawn from; one seed makes the same requests.

    buyers: everybody who gets e-mails; customers: those of them who visit the shop.
    """

    shop: ShopOnSale
    buyers: Sequence[str]
    rng: Random

    @classmethod
    def of(cls, home: Path, seed: int) -> Scene:
        """Customers who have ordered, and the products, of an enlarged home or of a demo's."""
        enlarged = home / "bench.json"
        if enlarged.exists():
            sample = json.loads(enlarged.read_text(encoding="utf-8"))
            return cls(ShopOnSale.of(sample), sample["customers"], Random(seed))
        shop = ShopOnSale.of(json.loads((home / "demo" / "shop.json").read_text(encoding="utf-8")))
        return cls(shop, _buyers(home / "demo" / "events.jsonl.gz"), Random(seed))

    @property
    def customers(self) -> Sequence[str]:
        return self.buyers[:VISITING_CUSTOMERS]

    def product(self) -> str:
        return self.shop.product_ids[self.shop.product(self.rng)]

    def live_events(self) -> list[dict[str, Any]]:
        """One to LONGEST_VISIT of every customer."""
        return [
            self.event(self.rng.choice(LIVE_EVENTS), customer_id=customer)
            for customer in self.customers
            for _ in range(self.rng.randint(1, LONGEST_VISIT))
        ]

    def event(self, kind: str = "view", **fields: Any) -> dict[str, Any]:
        """A new one."""
        what = {"query": "tea"} if kind == "search" else {"product_id": self.product()}
        return {"event_id": f"bench-{next(_numbers)}", "type": kind, **what, **fields}

    def questions(self, placement: str, number: int = 500) -> list[bytes]:
        """As many different requests."""
        return [self.question(placement) for _ in range(number)]

    def question(self, placement: str) -> bytes:
        query = {"placement": placement, "customer_id": self.rng.choice(self.customers), "k": "8"}
        if placement == "product_complements":
            query["product_id"] = self.product()
        if placement == "cart":
            query["cart"] = ",".join(self.product() for _ in range(5))
        return get(f"/v1/recommendations?{urlencode(query)}")

    def single_events(self) -> Iterator[bytes]:
        """Views by passers-by, one a request, without end."""
        return (post("/v1/events", self.event(anonymous_id=f"a-{number % 10_000}")) for number in count())

    def batches(self, number: int, size: int = 500) -> list[bytes]:
        """As many requests of `size` new events each."""
        return [
            post(
                "/v1/events",
                {"events": [self.event(anonymous_id=f"a-{self.rng.randrange(10_000)}") for _ in range(size)]},
            )
            for _ in range(number)
        ]


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\n{REQUEST_HEAD}\r\n".encode()


def post(path: str, body: Any) -> bytes:
    content = json.dumps(body, separators=(",", ":")).encode()
    about = f"Content-Type: application/json\r\nContent-Length: {len(content)}"
    head = f"POST {path} HTTP/1.1\r\n{REQUEST_HEAD}{about}"
    return b"%b\r\n\r\n%b" % (head.encode(), content)


def _buyers(events: Path) -> list[str]:
    """The customers of the history that ordered."""
    buyers: dict[str, None] = {}
    with gzip.open(events, "rt", encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            if event["type"] == "purchase" and event.get("customer_id"):
                buyers[event["customer_id"]] = None
    return list(buyers)
