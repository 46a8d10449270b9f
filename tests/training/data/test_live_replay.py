"""A replay of the history gives the live state of that time."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis

from features.events.vocabulary import Event
from features.history.archiver import Archiver
from features.home import Home
from features.live.customer_facts import CustomerState
from features.live.ingest import ingest_sync
from features.outgoing import trigger_queue as triggers
from features.store.settings import StoreSettings
from training.data.live_replay import replay

from factories import NOW, event

MINUTE = timedelta(minutes=1)


def shopping(dice: random.Random, number: int) -> Event:
    """A random event, under a customer's id, a browser's, or both."""
    kinds = ["view", "wishlist", "add_to_cart", "remove_from_cart", "purchase", "refund", "review", "search"]
    kind = dice.choice([*kinds, "identify", "consent", "ticket", "survey", "referral", "impression"])
    customer, browser = f"c-{dice.randrange(4)}", f"a-{dice.randrange(5)}"
    who = {"customer_id": customer, "anonymous_id": browser}
    if kind != "identify":
        nobody: list[dict[str, str]] = [{}] if kind == "refund" else []
        who = dice.choice([who, {"customer_id": customer}, {"anonymous_id": browser}, *nobody])
    returned: list[dict[str, Any]] = [{"items": [("p-1", 1)]}, {"unit_price": 2.0}, {"unit_price": 5.0}, {}]
    fields: dict[str, Any] = {
        "purchase": {
            "order_id": f"o-{number}",
            "items": [("p-1", 2, 1.5), (f"p-{dice.randrange(5)}", 1, 2.0)],
        },
        "refund": {"order_id": f"o-{number - dice.randrange(1, 9)}"} | dice.choice(returned),
        "search": {"query": f"q-{number}"},
        "consent": {"properties": {"email": dice.random() < 0.5}, "context": {"country": "DE"}},
        "ticket": {"properties": {"ticket_id": number % 3, "status": dice.choice(["open", "closed"])}},
        "survey": {"properties": {"score": dice.randrange(11)}},
        "review": {"product_id": "p-2", "properties": {"rating": dice.randrange(1, 6)}},
        "identify": {"properties": {"birthday": "1990-02-03"}},
    }.get(kind, {})
    if kind in {"view", "wishlist", "add_to_cart", "remove_from_cart"}:
        fields = {"product_id": f"p-{dice.randrange(6)}", "quantity": dice.randrange(1, 3)}
    return event(kind, at=NOW + (number + dice.randrange(-3, 3)) * MINUTE, **who, **fields)


@pytest.mark.parametrize("seed", range(6))
def test_a_replay_is_what_live_state_was(
    home: Home, client: redis.Redis, settings: StoreSettings, seed: int
) -> None:
    dice = random.Random(seed)
    for number in range(150):
        ingest_sync(client, [shopping(dice, number)], NOW + number * MINUTE, settings)
    Archiver(client, home, settings).run(burst=True)
    replayed = dict(replay(home, NOW + timedelta(days=1), settings).states())
    customers = [f"c-{n}" for n in range(4)]
    for customer, state in zip(customers, triggers.read_states(client, customers), strict=True):
        assert replayed.get(customer, NOBODY).life == state.life


NOBODY = triggers.TriggerState(CustomerState(), {}, {}, ())


def carts(home: Home, client: redis.Redis, settings: StoreSettings) -> Iterator[str]:
    for days in (3, 2, 1):
        added = event("add_to_cart", at=NOW - timedelta(days=days), customer_id="c", product_id=f"p-{days}")
        ingest_sync(client, [added], NOW, settings)
    Archiver(client, home, settings).run(burst=True)
    for days in (2, 1, 0):
        ((_, state),) = replay(home, NOW - timedelta(days=days), settings).states()
        yield ",".join(state.life.shopper.cart)


def test_nothing_is_known_of_what_came_later(
    home: Home, client: redis.Redis, settings: StoreSettings
) -> None:
    assert list(carts(home, client, settings)) == ["p-3,p-2", "p-3,p-2,p-1", "p-3,p-2,p-1"]


def test_an_empty_history_knows_nobody(home: Home, settings: StoreSettings) -> None:
    assert list(replay(home, NOW, settings).states()) == []
