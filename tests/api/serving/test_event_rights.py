"""A public key tells what a browser can know; the shop's own word replaces a browser's claim."""

import itertools
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast, get_args

import httpx
import polars as pl
import pytest
import redis

from api.serving.event_rights import BROWSER_IDS, CLAIMS, ONLY_SERVERS
from api.serving.shoppers import customer_token
from features.events.vocabulary import EventType
from features.history.archiver import Archiver
from features.history.events_parquet import scan
from features.home import Home
from features.live.shopper_state import ShopperState, fold
from features.merchant.api_keys import PREFIXES, create_key
from features.store import keys
from features.store.settings import StoreSettings

from waiting import eventually

OPERATING = Path(__file__).parents[3] / "docs" / "operating.md"
ORDER = {"order_id": "o-1", "items": [{"product_id": "mug", "unit_price": 5.0}]}
CLAIM = {"type": "purchase", "anonymous_id": "a-1", "order": ORDER}
WORD = {"type": "purchase", "customer_id": "ann", "order": ORDER}


@pytest.fixture
def held(url: str, served_home: Home, client: redis.Redis) -> dict[str, str]:
    """A public and a secret key, known to the running service."""
    made: dict[str, str] = {
        scope: create_key(served_home, client, scope, "", datetime.now(UTC)) for scope in PREFIXES
    }
    eventually(lambda: httpx.get(f"{url}/v1/catalogue", headers=bearer(made["secret"])).status_code == 200)
    return made


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def send(url: str, key: str, event: Mapping[str, Any]) -> dict[str, Any]:
    answer = httpx.post(f"{url}/v1/events", json=event, headers=bearer(key))
    assert answer.status_code == 202
    result: dict[str, Any] = answer.json()
    return result


def example(kind: str) -> dict[str, Any]:
    """A complete event of the type, of a customer in their browser."""
    return {
        "type": kind,
        "customer_id": "ann",
        "anonymous_id": "a-1",
        "product_id": "mug",
        "order": {"order_id": f"{kind}-1", "items": [{"product_id": "mug"}]},
        "properties": {"email": True, "ticket_id": "t-1", "score": 9},
    }


def state(client: redis.Redis, owner: str, *, identified: bool) -> ShopperState:
    return fold(cast(list[bytes], client.lrange(keys.shopper_log(owner, identified=identified), 0, -1)))


def archived_orders(home: Home, client: redis.Redis, settings: StoreSettings) -> list[tuple[str, str | None]]:
    """(order, customer) of each purchase that training and reports read, after all is archived."""
    Archiver(client, home, settings).run(burst=True)
    return scan(home).filter(pl.col("type") == "purchase").select("order_id", "customer_id").collect().rows()


def written_matrix() -> dict[str, str]:
    """Event type -> what a public key may do with it, as docs/operating.md says."""
    rows = re.findall(
        r"^\| (`.+`) \| .+ \| (.+) \| .+ \|$", OPERATING.read_text(encoding="utf-8"), re.MULTILINE
    )
    return {kind: may for kinds, may in rows for kind in re.findall(r"`(\w+)`", kinds)}


def test_every_type_of_event_by_every_key_equals_the_written_matrix(url: str, held: dict[str, str]) -> None:
    token, told = customer_token(held["secret"], "ann"), {}
    for kind in get_args(EventType):
        assert send(url, held["secret"], example(kind))["accepted"] == 1, kind
        signed = send(url, held["public"], example(kind) | {"customer_token": token})
        unsigned = send(url, held["public"], example(kind) | {"order": {"order_id": "2", **ORDER}})
        if signed["rejected"]:
            told[kind] = "no"
            assert "secret key" in signed["rejected"][0]["reason"]
            assert unsigned["rejected"]
        elif unsigned["rejected"]:
            told[kind] = "with a token"
            assert "customer_token" in unsigned["rejected"][0]["reason"]
        else:
            told[kind] = "a claim" if kind in CLAIMS else "yes"
    assert told == written_matrix()
    assert {kind for kind, may in told.items() if may == "no"} == ONLY_SERVERS


def test_a_view_told_with_a_question_is_under_the_same_rules(
    url: str, held: dict[str, str], client: redis.Redis
) -> None:
    view = {
        "placement": "home",
        "track": "view",
        "customer_id": "ann",
        "product_id": "mug",
        "event_id": "e-1",
    }
    for token in (None, customer_token(held["secret"], "ann")):
        query = view | ({"customer_token": token, "event_id": "e-2"} if token else {"anonymous_id": "a-1"})
        httpx.get(
            f"{url}/v1/recommendations", params=query, headers=bearer(held["public"])
        ).raise_for_status()
        assert bool(state(client, "ann", identified=True).viewed) is (token is not None)
    assert client.exists(keys.seen_event(f"{BROWSER_IDS}e-2"))


def test_a_page_speaks_for_a_customer_with_a_token_alone(
    url: str, held: dict[str, str], client: redis.Redis
) -> None:
    view = {"type": "view", "customer_id": "ann", "anonymous_id": "a-1", "product_id": "mug"}
    for token in (None, "0" * 64, customer_token(held["secret"], "bob")):
        assert send(url, held["public"], view | {"customer_token": token})["accepted"] == 1
    assert not state(client, "ann", identified=True).viewed
    assert state(client, "a-1", identified=False).viewed == ("mug",)
    send(url, held["public"], view | {"customer_token": customer_token(held["secret"], "ann")})
    assert state(client, "ann", identified=True).viewed == ("mug",)
    entries: Any = client.xrange(keys.event_stream())
    assert b"customer_token" not in b"".join(fields[b"e"] for _, fields in entries)


def test_with_an_event_id_a_page_cannot_silence_the_shop(url: str, held: dict[str, str]) -> None:
    view = {"type": "view", "anonymous_id": "a-1", "product_id": "mug", "event_id": "purchase:o-1"}
    assert send(url, held["public"], view)["accepted"] == 1
    assert send(url, held["public"], view)["duplicates"] == 1
    assert send(url, held["secret"], WORD)["accepted"] == 1
    forged = view | {"event_id": f"{BROWSER_IDS}e-1"}
    assert send(url, held["secret"], forged)["accepted"] == 1
    assert send(url, held["public"], view | {"event_id": f"{BROWSER_IDS}e-1"})["accepted"] == 1


def test_the_shops_word_replaces_a_claim_whichever_comes_first(
    url: str, held: dict[str, str], client: redis.Redis, served_home: Home, settings: StoreSettings
) -> None:
    numbers = ["".join(sequence) for sequence in itertools.permutations("cwr")]
    for number in numbers:
        order = {"order": ORDER | {"order_id": number}}
        said = {
            "c": (held["public"], CLAIM | order),
            "w": (held["secret"], WORD | order),
            "r": (held["secret"], WORD | order | {"event_id": f"retry of {number}"}),
        }
        for each in number:
            send(url, *said[each])
    live = state(client, "ann", identified=True).purchases
    assert sorted(order.order_id for order in live) == sorted(numbers)
    archived = archived_orders(served_home, client, settings)
    assert sorted(archived) == [(number, "ann") for number in sorted(numbers)]


def test_what_a_signed_customer_claims_counts_once_when_the_shop_confirms_it(
    url: str, held: dict[str, str], client: redis.Redis
) -> None:
    signed = {"customer_id": "ann", "customer_token": customer_token(held["secret"], "ann")}
    send(url, held["public"], {"type": "identify", "anonymous_id": "a-1", **signed})
    assert send(url, held["public"], CLAIM)["accepted"] == 1
    assert len(state(client, "ann", identified=True).purchases) == 1
    assert send(url, held["secret"], WORD)["accepted"] == 1
    assert client.llen(keys.shopper_log("ann", identified=True)) == 1


def test_a_claim_of_anothers_order_leaves_nothing_with_its_customer(
    url: str, held: dict[str, str], client: redis.Redis
) -> None:
    signed = {"customer_id": "bob", "customer_token": customer_token(held["secret"], "bob")}
    assert send(url, held["public"], CLAIM | signed)["accepted"] == 1
    assert send(url, held["secret"], WORD)["accepted"] == 1
    assert not state(client, "bob", identified=True).purchases
    assert state(client, "ann", identified=True).purchases
    refund = {"type": "refund", "order": {"order_id": "o-1"}}
    assert send(url, held["secret"], refund)["accepted"] == 1
    assert not state(client, "ann", identified=True).purchases


def test_an_unconfirmed_claim_counts_until_the_shop_had_time_to_confirm_it(
    url: str, held: dict[str, str], client: redis.Redis, served_home: Home, settings: StoreSettings
) -> None:
    def orders() -> set[str]:
        return {order for order, _ in archived_orders(served_home, client, settings)}

    def at(days: int, order_id: str) -> dict[str, Any]:
        moment = datetime.now(UTC) - timedelta(days=days)
        return {"timestamp": moment.isoformat(), "order": ORDER | {"order_id": order_id}}

    send(url, held["public"], CLAIM | at(5, "forged"))
    send(url, held["public"], CLAIM | at(1, "fresh"))
    assert orders() == {"forged", "fresh"}
    send(url, held["secret"], WORD | at(4, "told"))
    assert orders() == {"forged", "fresh", "told"}
    send(url, held["secret"], WORD | at(0, "later"))
    assert orders() == {"fresh", "told", "later"}
