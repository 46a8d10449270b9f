"""The holdout gets best sellers, no offers and no promotion; routes/test_experiments.py has the arms."""

from itertools import count
from typing import Any

import httpx
import pytest
import redis
from impression_log import impressions

from features.store.settings import StoreSettings
from recommender.context.request import PLACEMENTS
from recommender.experiments.assignment import is_held_out

from waiting import eventually

SHARE = 0.05
HELD_OUT = next(f"v-{n}" for n in count() if is_held_out(f"v-{n}", SHARE))
IN = next(f"v-{n}" for n in count() if not is_held_out(f"v-{n}", SHARE))
TOLD = {"id": "holdout", "arm": "held_out"}
NEWS = {"id": "news", "kind": "content", "products": ["tin", "cup"]}


@pytest.fixture(scope="session")
def settings() -> StoreSettings:
    """As a shop has it that sets nothing."""
    usual = StoreSettings(redis_url=None, redis_deadline_ms=2_000, redis_write_deadline_ms=3_000)
    assert usual.holdout == SHARE
    return usual


def ask(http: httpx.Client, placement: str = "home", **query: Any) -> dict[str, Any]:
    answer = http.get("/v1/recommendations", params={"placement": placement, "k": 3, **query})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def shown(answer: dict[str, Any]) -> list[str]:
    return [item["product_id"] for item in answer["items"]]


@pytest.mark.parametrize("who", ["customer_id", "anonymous_id"])
def test_best_sellers_everywhere_whatever_was_looked_at(http: httpx.Client, who: str) -> None:
    http.post("/v1/events", json={"type": "view", who: HELD_OUT, "product_id": "kettle"})
    for placement in PLACEMENTS:
        answer = ask(http, placement, **{who: HELD_OUT})
        assert (shown(answer), answer["experiment"]) == (["mug", "tea", "spoon"], TOLD), placement
        assert {item["source"] for item in answer["items"]} == {"popular"}
        assert answer["degraded"] is False
        assert all(item["reason"]["text"] for item in answer["items"])


def test_what_is_in_view_or_not_asked_for_is_left_out(http: httpx.Client) -> None:
    mugs = ask(http, "product_similar", product_id="mug", anonymous_id=HELD_OUT)
    carts = ask(http, "cart", cart="tea,spoon", anonymous_id=HELD_OUT)
    pantry = ask(http, category="pantry", anonymous_id=HELD_OUT)
    assert "mug" not in shown(mugs)
    assert not {"tea", "spoon"} & set(shown(carts))
    assert shown(pantry)[:2] == ["tea", "tin"]


def test_the_others_are_answered_as_ever(http: httpx.Client) -> None:
    http.post("/v1/events", json={"type": "view", "anonymous_id": IN, "product_id": "kettle"})
    answer = ask(http, "product_complements", product_id="kettle", anonymous_id=IN)
    assert answer["experiment"] is None
    assert answer["items"][0]["source"] == "co_purchase"


def test_the_merchant_s_rules_hold_for_everybody(http: httpx.Client) -> None:
    rules = [{"kind": "hide", "id": "h", "products": ["mug"]}]
    assert http.put("/v1/merchandising", json={"rules": rules}).status_code == 200
    eventually(lambda: "mug" not in shown(ask(http, anonymous_id=HELD_OUT)))


def test_it_is_the_customer_s_id_that_counts_once_it_is_known(http: httpx.Client) -> None:
    assert ask(http, anonymous_id=IN, customer_id=HELD_OUT)["experiment"] == TOLD
    assert ask(http, anonymous_id=HELD_OUT, customer_id=IN)["experiment"] is None


def test_emails_name_best_sellers(http: httpx.Client) -> None:
    picked = http.get(f"/v1/customers/{HELD_OUT}/picks", params={"k": 2}).json()
    assert (shown(picked), picked["experiment"]) == (["mug", "tea"], TOLD)


def test_no_offers_and_it_is_said_why(http: httpx.Client) -> None:
    assert http.put("/v1/offers/catalogue", json={"catalogue": {"offers": [NEWS]}}).status_code == 200
    answer = http.post("/v1/offers", json={"customer_id": HELD_OUT}).json()
    assert (answer["offer_id"], answer["decision_id"], answer["degraded_reasons"]) == ("none", None, [])
    assert (answer["reason"]["code"], answer["experiment"]) == ("withheld", TOLD)
    assert "Held out: 5% of customers" in answer["reason"]["text"]


def test_everything_is_noted_as_held_out_or_not(http: httpx.Client, client: redis.Redis) -> None:
    http.put("/v1/offers/catalogue", json={"catalogue": {"offers": [NEWS]}})
    for visitor in (HELD_OUT, IN):
        ask(http, anonymous_id=visitor)
        http.get(f"/v1/customers/{visitor}/picks")
        http.post("/v1/offers", json={"customer_id": visitor})
    ask(http)
    eventually(lambda: len(impressions(client)) == 7)
    noted = [(each.placement, each.treated.held_out, each.treated.holdout) for each in impressions(client)]
    surfaces = ("home", "email", "offers")
    assert noted[:6] == [(surface, held, SHARE) for held in (True, False) for surface in surfaces]
    assert noted[6] == ("home", False, 0)  # nobody: neither held out nor not
