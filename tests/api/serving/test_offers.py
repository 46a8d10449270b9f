"""`/v1/offers` as a shop's server uses it: decided once, counted once, the same answer while it is valid.

Covers api/routes/offers.py, api/serving/budget_prices.py and api/serving/budget_report.py, too.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import polars as pl
import pytest
import redis
from histories import list_products
from small_customers import bundle_with_customers

from api.schemas.offers import OfferAnswer
from features.catalogue.names import publish_names
from features.history.archiver import Archiver
from features.home import Home
from features.insights.report import Part, Report
from features.insights.report_files import write_report
from features.store import keys
from features.store.redis_server import RedisServer
from features.store.settings import StoreSettings
from recommender.model.bundle import Bundle

from bundles import PRICES, write_small
from waiting import eventually

TEN = {"id": "ten", "kind": "percentage", "value": 10, "budgets": ["spring"], "valid_days": 3}
NEWS = {"id": "news", "kind": "content", "products": ["tin", "cup"]}
SPRING = {"id": "spring", "amount": 1000}


def earning_bundle() -> Bundle:
    """It knows ann and bob; products earn half their price."""
    bundle = bundle_with_customers()
    product = replace(bundle.tables.product, cost=np.array(PRICES, np.float32) / np.float32(2))
    return replace(bundle, tables=replace(bundle.tables, product=product))


@pytest.fixture
def served_home(tmp_path: Path) -> Home:
    """A home whose model is `earning_bundle`."""
    home = Home(tmp_path / "shop")
    write_small(home.models, bundle_of=earning_bundle)
    return home


def offering(http: httpx.Client, *offers: dict[str, Any], **catalogue: Any) -> None:
    """Half of the decisions are left to chance, so that on any day of the calendar somebody gets an offer."""
    sent = {"offers": offers or [TEN], "budgets": [SPRING], "exploration": 1, **catalogue}
    answer = http.put("/v1/offers/catalogue", json={"catalogue": sent})
    assert answer.status_code == 200, answer.text


def ask(http: httpx.Client, customer: str = "ann", **more: Any) -> OfferAnswer:
    answer = http.post("/v1/offers", json={"customer_id": customer, **more})
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=OfferAnswer)


def first_given(http: httpx.Client, **more: Any) -> tuple[str, OfferAnswer]:
    """The first of many customers who gets an offer."""
    for number in range(60):
        answer = ask(http, f"c-{number}", **more)
        if answer.offer_id != "none":
            return f"c-{number}", answer
    raise AssertionError("nobody got an offer")


def test_the_answer_has_all_that_is_documented(http: httpx.Client) -> None:
    offering(http)
    _, given = first_given(http, cart=["kettle", "mug"], k=2)
    assert (given.offer_id, given.kind, given.discount, given.stage) == ("ten", "percentage", 10.0, "thin")
    assert given.propensity is not None
    assert 0.025 <= given.propensity < 1
    assert given.low is not None and given.high is not None and given.low < given.high  # noqa: PT018
    assert given.expires_at is not None and given.decided_at is not None  # noqa: PT018
    assert given.expires_at - given.decided_at == timedelta(days=3)
    assert len(given.products) == 2
    assert not {"kettle", "mug"} & set(given.products)
    assert given.reason.text
    assert (given.degraded_reasons, len(given.decision_id or "")) == ([], 16)


def test_a_decision_stands_and_is_counted_once(http: httpx.Client, client: redis.Redis) -> None:
    offering(http)
    customer, given = first_given(http, cart=["pot"])
    decisions = client.xlen(keys.decision_stream())
    offering(http, NEWS)
    assert ask(http, customer) == ask(http, customer, cart=["kettle"]) == given  # whatever happens since
    assert client.xlen(keys.decision_stream()) == decisions
    assert client.hget(keys.budgets_spent(), "spring") == b"2"  # a tenth of the pot


def test_a_preview_promises_and_counts_nothing(http: httpx.Client, client: redis.Redis) -> None:
    offering(http)
    previewed = ask(http, "c-1", cart=["pot"], preview=True)
    assert (previewed.decision_id, previewed.stage) == (None, "thin")
    assert previewed.reason.text
    assert client.xlen(keys.decision_stream()) == client.exists(keys.budgets_spent()) == 0
    decided = ask(http, "c-1", cart=["pot"])
    assert ask(http, "c-1", cart=["pot"], preview=True) == decided  # what is promised stands


def test_no_offer_stands_until_there_are_others(http: httpx.Client) -> None:
    offering(http, {**TEN, "eligible": {"segments": ["nobody"]}})
    none = ask(http)
    assert (none.offer_id, none.reason.code, none.propensity) == ("none", "nothing_allowed", 1.0)
    assert "not for the segment" in none.reason.why_not["ten"]
    assert ask(http) == none
    offering(http, {**NEWS, "eligible": {"segments": ["nobody"]}})
    assert ask(http).decision_id != none.decision_id


def test_none_for_one_question_is_no_answer_to_another(http: httpx.Client, client: redis.Redis) -> None:
    """Each channel and class of carts is decided apart, once; an offer that was made holds in its channel."""
    offering(http, {**TEN, "eligible": {"minimum_cart": 15}})
    empty = ask(http)
    assert (empty.offer_id, empty.reason.code) == ("none", "nothing_allowed")
    filled, mailed = ask(http, cart=["pot"]), ask(http, channel="email", cart=["pot"])
    assert "ten" not in filled.reason.why_not or filled.reason.code != "nothing_allowed"
    assert len({empty.decision_id, filled.decision_id, mailed.decision_id}) == 3
    assert (ask(http), ask(http, cart=["pot"])) == (empty, filled)
    assert ask(http, channel="email", cart=["pot"]) == mailed
    customer, given = first_given(http, cart=["pot"])
    assert ask(http, customer, cart=["pot", "pot"]) == given
    assert ask(http, customer).offer_id == "none"  # it needs a cart
    kept = [msgspec.json.decode(client.get(key) or b"") for key in client.keys("*:offers:given:*")]
    assert client.xlen(keys.decision_stream()) == sum(len(each["decisions"]) for each in kept)


def test_visitors_without_a_name_get_decisions_too(http: httpx.Client, client: redis.Redis) -> None:
    offering(http)
    answers = {}
    for number in range(40):
        question = {"anonymous_id": f"b-{number}", "cart": ["pot"]}
        first, again = (http.post("/v1/offers", json=question) for _ in range(2))
        assert first.content == again.content
        answers[f"b-{number}"] = first.json()
    assert {answer["offer_id"] for answer in answers.values()} == {"none", "ten"}
    assert client.xlen(keys.decision_stream()) == 40
    assert not client.keys("*:offers:given:*")
    named = {"anonymous_id": "b-1", "customer_id": "ann", "cart": ["pot"]}
    http.post("/v1/offers", json=named)
    assert client.exists(keys.promises("ann", identified=True))
    unreachable = http.post("/v1/offers", json={"anonymous_id": "b-99", "channel": "email"}).json()
    assert unreachable["reason"]["why_not"] == {"ten": "it needs their consent"}


def test_open_tickets_and_bad_scores_hold_offers_back(http: httpx.Client) -> None:
    """As they do with triggers: none until the ticket is closed."""
    offering(http)
    for name, kind, properties in (
        ("cat", "ticket", {"ticket_id": "1", "status": "open"}),
        ("dan", "survey", {"score": 2}),
    ):
        event = {"type": kind, "customer_id": name, "properties": properties}
        assert http.post("/v1/events", json=event).json()["accepted"] == 1
        held = ask(http, name, cart=["pot"])
        assert (held.offer_id, held.propensity, held.reason.code) == ("none", 1.0, "nothing_allowed")
        assert "hold offers back until" in held.reason.why_not["ten"]
    closed = {"type": "ticket", "customer_id": "cat", "properties": {"ticket_id": "1", "status": "closed"}}
    assert http.post("/v1/events", json=closed).json()["accepted"] == 1
    assert ask(http, "cat", channel="shop", cart=["pot"]).reason.code != "nothing_allowed"


def test_content_goes_by_interest(http: httpx.Client) -> None:
    """Two books: one about pots, one about tins; whoever looks at tins is never shown the first."""
    offering(http, {**NEWS, "id": "pots", "products": ["pot"]}, {**NEWS, "id": "tins", "products": ["tin"]})
    for number in range(12):
        view = {"type": "view", "customer_id": f"v-{number}", "product_id": "tin"}
        assert http.post("/v1/events", json=view).json()["accepted"] == 1
        answer = ask(http, f"v-{number}")
        assert answer.offer_id in {"tins", "none"}
        assert "nearer" in answer.reason.why_not["pots"]


class TestWithoutCosts:
    @pytest.fixture
    def served_home(self, tmp_path: Path) -> Home:
        home = Home(tmp_path / "shop")
        write_small(home.models, bundle_of=bundle_with_customers)
        return home

    def test_an_assumed_margin_stands_for_costs_and_is_said(self, http: httpx.Client) -> None:
        offering(http)
        assert ask(http, cart=["pot"]).degraded_reasons == ["no_costs"]
        offering(http, assumed_margins={"*": 0.4})
        _, given = first_given(http, cart=["pot"])
        assert given.margin_assumed
        assert "the shop assumes" in given.reason.text
        assert given.expected_incremental_margin is not None


def test_two_workers_asked_at_once_decide_once(
    http: httpx.Client, other_http: httpx.Client, client: redis.Redis
) -> None:
    offering(http, TEN, {**NEWS, "cost": 0.5})
    eventually(lambda: ask(other_http, "first").degraded_reasons == [])  # it heard of the offers
    customers = [f"c-{number}" for number in range(25)]
    before = client.xlen(keys.decision_stream())
    with ThreadPoolExecutor(8) as pool:
        futures = [
            (customer, pool.submit(ask, worker, customer, cart=["pot"]))
            for customer in customers
            for worker in (http, other_http, http, other_http)
        ]
    answers: dict[str, set[bytes]] = {}
    for customer, future in futures:
        answers.setdefault(customer, set()).add(msgspec.json.encode(future.result()))
    assert {len(each) for each in answers.values()} == {1}
    assert client.xlen(keys.decision_stream()) == before + len(customers)


def test_a_budget_is_never_overdrawn_whoever_asks_at_once(
    http: httpx.Client, other_http: httpx.Client, client: redis.Redis
) -> None:
    offering(http, TEN, budgets=[{"id": "spring", "amount": 7}])
    eventually(lambda: ask(other_http, "0-0", cart=["pot"]).degraded_reasons == [])  # it heard of them
    with ThreadPoolExecutor(8) as pool:
        futures = [
            pool.submit(ask, worker, f"{number}-{index}", cart=["pot"])
            for number in range(30)
            for index, worker in enumerate((http, other_http))
        ]
    given = [future.result().offer_id for future in futures].count("ten")
    assert given == 3  # 2.00 each
    assert client.hget(keys.budgets_spent(), "spring") == b"6"
    late = ask(http, "late", cart=["pot"])
    assert late.reason.why_not == {"ten": "its budget spring is spent"}


def test_facts_and_consent_decide_who_may_get_it(http: httpx.Client) -> None:
    offering(http, {**TEN, "eligible": {"countries": ["DE"], "first_order": False}})
    assert ask(http, "ann").reason.code != "nothing_allowed"
    assert "country" in ask(http, "bob").reason.why_not["ten"]
    offering(http)
    assert ask(http, "bob", channel="email").reason.why_not == {"ten": "it needs their consent"}
    for name, agrees in (("cat", True), ("dan", False)):
        said = {"type": "consent", "customer_id": name, "properties": {"email": agrees}}
        assert http.post("/v1/events", json=said).json()["accepted"] == 1
        assert (ask(http, name, channel="email").reason.code == "nothing_allowed") is not agrees


def test_contacts_are_counted_beyond_a_decision(http: httpx.Client, client: redis.Redis) -> None:
    offering(http, {**TEN, "valid_days": 1}, contacts={"times": 1, "days": 30})
    customer, _ = first_given(http, cart=["pot"])
    key = keys.promises(customer, identified=True)
    packed = msgspec.json.decode(client.get(key) or b"")
    client.set(key, msgspec.json.encode({**packed, "decisions": {}}))  # it ran out
    again = ask(http, customer, cart=["pot"])
    assert again.reason.why_not == {"ten": "they got as many offers as they may"}


def test_contacts_are_shared_with_triggers(http: httpx.Client, client: redis.Redis) -> None:
    """A message of last week counts for offers, and an offer that is sent counts for messages, once."""
    news = {**NEWS, "eligible": {"consent": False}}
    offering(http, news, contacts={"times": 1, "days": 30})
    now = int(time.time() * 1000)
    client.zadd(keys.contacts("ann"), {"t-1": now - 7 * 86_400_000})
    assert ask(http, "ann", channel="email").reason.code == "nothing_allowed"
    customer, given = first_given(http, channel="email")
    assert client.zrange(keys.contacts(customer), 0, -1) == [str(given.decision_id).encode()]
    client.zadd(keys.contacts("z"), {"t-2": now - 3_600_000})  # an offer asked for now goes with this one
    assert ask(http, "z", channel="email").reason.code != "nothing_allowed"
    assert client.zcard(keys.contacts("z")) == 1
    shown, _ = first_given(http, channel="web", cart=["pot"])
    assert shown == customer or client.zcard(keys.contacts(shown)) == 0


def test_what_budgets_have_left_is_in_the_offers_report(http: httpx.Client, served_home: Home) -> None:
    write_report(served_home, Report("offers", "Offers", "2026-11-23", [Part("EUR")]))
    offering(http)
    first_given(http, cart=["pot"])
    (table,) = http.get("/v1/insights/offers").json()["parts"][0]["tables"]
    ((budget, amount, spent, left, *_),) = table["rows"]
    assert (budget, amount) == ("spring", 1000.0)
    assert spent > 0
    assert spent + left == pytest.approx(1000.0)


def test_every_decision_is_archived_with_its_chances(
    http: httpx.Client, client: redis.Redis, served_home: Home, settings: StoreSettings
) -> None:
    offering(http, TEN, NEWS)
    list_products(served_home, {"pot": "Pot"})
    publish_names(client, served_home)
    names = {"ann": "pot", "bob": "pot", "cat": " POT "}  # as a shop's other systems may call it
    answers = {customer: ask(http, customer, cart=[name]) for customer, name in names.items()}
    Archiver(client, served_home, settings).run(burst=True)
    rows = pl.read_parquet(served_home.decisions / "*" / "*.parquet")
    assert client.xlen(keys.decision_stream()) == 0
    assert sorted(rows["customer_id"]) == ["ann", "bob", "cat"]
    for row in rows.iter_rows(named=True):
        answer, chances = answers[row["customer_id"]], dict(zip(row["arms"], row["chances"], strict=True))
        assert (row["decision_id"], row["offer_id"]) == (answer.decision_id, answer.offer_id)
        assert chances.keys() == {"ten", "news", "none"}
        assert sum(chances.values()) == pytest.approx(1)
        assert chances[answer.offer_id] == answer.propensity == row["propensity"]
        assert (row["basket"], row["margin"], len(row["values"])) == (20.0, 10.0, len(row["features"]))


def test_without_offers_nothing_is_decided(http: httpx.Client, client: redis.Redis) -> None:
    answer = ask(http)
    assert (answer.offer_id, answer.decision_id, answer.degraded_reasons) == ("none", None, ["no_offers"])
    assert client.exists(keys.decision_stream()) == 0


@pytest.mark.parametrize(
    "wrong", [{}, {"customer_id": ""}, {"customer_id": "a", "k": -1}, {"customer_id": "a", "who": "b"}]
)
def test_a_wrong_question_says_what_is_wrong(http: httpx.Client, wrong: dict[str, Any]) -> None:
    answer = http.post("/v1/offers", json=wrong)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_margins_are_not_for_browsers(http: httpx.Client) -> None:
    public = {"Authorization": "Bearer pk_demo"}
    assert http.post("/v1/offers", json={"customer_id": "ann"}, headers=public).status_code == 403


class TestWithoutAStore:
    """What is not counted is not given."""

    @pytest.fixture
    def redis_url(self, own_redis: RedisServer) -> str:
        return own_redis.url

    def test_there_is_no_offer(self, http: httpx.Client, own_redis: RedisServer) -> None:
        offering(http)
        own_redis.stop()
        for number in range(10):
            answer = ask(http, f"c-{number}", cart=["pot"])
            assert (answer.offer_id, answer.degraded_reasons) == ("none", ["store_unavailable"])
            assert answer.decision_id is None

    def test_the_budgets_come_without_what_is_left(
        self, http: httpx.Client, own_redis: RedisServer, served_home: Home
    ) -> None:
        write_report(served_home, Report("offers", "Offers", "2026-11-23", [Part("EUR")]))
        offering(http)
        own_redis.stop()
        (table,) = http.get("/v1/insights/offers").json()["parts"][0]["tables"]
        assert [row[:4] for row in table["rows"]] == [["spring", 1000.0, None, None]]
        assert "Redis does not answer" in table["text"]
