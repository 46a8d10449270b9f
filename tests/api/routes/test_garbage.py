"""One event in a hundred is garbage: all others are taken, and the bad are told or kept with a reason."""

import random
from typing import Any

import httpx
import msgspec
import redis

from features.history import events_parquet as history
from features.history.archiver import Archiver
from features.history.poison import poisoned, replay
from features.home import Home
from features.store import keys
from features.store.settings import StoreSettings

from scale import GARBAGE_EVENTS

BATCH = 500
REFUSED = (
    {"type": "vanish"},
    {"type": "view"},
    3,
    None,
    {"type": "view", "product_id": "mug", "unit_price": -1},
)
UNREADABLE = ({"e": b"\xff\xfe"}, {"e": b"{}", "r": "now"}, {"x": "nothing"})


def absurd(name: str) -> dict[str, Any]:
    lines = [{"product_id": "mug", "quantity": 1e6, "unit_price": 1e6}]
    return {"type": "purchase", "event_id": name, "order": {"order_id": name, "items": lines}}


def test_garbage_among_events_costs_none_of_them(
    http: httpx.Client, client: redis.Redis, served_home: Home, settings: StoreSettings
) -> None:
    rng = random.Random(12)
    good, kept, unreadable = set(), set(), 0
    for start in range(0, GARBAGE_EVENTS, BATCH):
        events: list[Any] = []
        told = []
        for number in range(start, start + BATCH):
            draw = rng.random()
            if draw < 0.004:
                told.append(len(events))
                events.append(rng.choice(REFUSED))
            elif draw < 0.007:
                told.append(len(events))
                kept.add(f"absurd-{number}")
                events.append(absurd(f"absurd-{number}"))
            elif draw < 0.01:
                client.xadd(keys.event_stream(), rng.choice(UNREADABLE))  # type: ignore[arg-type]
                unreadable += 1
            else:
                good.add(f"e-{number}")
                events.append({"type": "view", "event_id": f"e-{number}", "product_id": "mug"})
        answer = http.post("/v1/events", json={"events": events}).json()
        assert [each["index"] for each in answer["rejected"]] == told
        assert all(each["reason"] for each in answer["rejected"])
    Archiver(client, served_home, settings).run(burst=True)
    assert set(history.scan(served_home).collect()["event_id"]) == good
    assert absurd_ids(served_home) == kept
    assert len(list(poisoned(served_home))) == len(kept) + unreadable
    assert replay(served_home, client) == len(kept) + unreadable
    Archiver(client, served_home, settings).run(burst=True)
    assert absurd_ids(served_home) == kept
    assert len(list(poisoned(served_home))) == len(kept) + unreadable
    print(f"{len(good)} good, {len(kept)} absurd, {unreadable} unreadable")


def absurd_ids(home: Home) -> set[str]:
    """Ids of orders that a person must decide about."""
    set_aside = [(each, reason) for _, each, reason in poisoned(home) if each]
    assert all(reason for _, reason in set_aside)
    orders = [each.fields["e"] for each, reason in set_aside if "for a person to decide" in reason]
    return {msgspec.json.decode(text)["event_id"] for text in orders}
