"""Who said no to profiling gets answers from the page alone, wherever they are asked for.

Covers api/serving/shoppers.py, too.
"""

from typing import Any

import httpx
import pytest
import redis

from features.live.shopper_state import NO_PROFILING
from features.store import keys

NO, YES = {"profiling": False}, {"personalisation": "yes"}


def tell(http: httpx.Client, kind: str, **event: Any) -> None:
    answer = http.post("/v1/events", json={"type": kind, **event})
    assert answer.json()["accepted"] == 1, answer.text


def ask(http: httpx.Client, placement: str = "home", **query: Any) -> Any:
    answer = http.get("/v1/recommendations", params={"placement": placement, "k": 4, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


def shown(answer: Any) -> list[str]:
    return [item["product_id"] for item in answer["items"]]


@pytest.mark.parametrize("who", [{"customer_id": "ann"}, {"anonymous_id": "a-1"}])
def test_a_no_forgets_what_was_seen_and_keeps_nothing_until_a_yes(
    http: httpx.Client, who: dict[str, str]
) -> None:
    nobodys = shown(ask(http))
    tell(http, "view", product_id="kettle", **who)
    before = ask(http, **who)
    assert (shown(before) == nobodys, before["personalised"]) == (False, True)
    tell(http, "consent", properties=NO, **who)
    tell(http, "view", product_id="kettle", **who)
    after = ask(http, **who)
    assert (shown(after), after["personalised"]) == (nobodys, False)
    tell(http, "consent", properties=YES, **who)
    tell(http, "view", product_id="kettle", **who)
    again = ask(http, **who)
    assert (shown(again), again["personalised"]) == (shown(before), True)


def test_the_page_and_its_cart_still_count(http: httpx.Client) -> None:
    tell(http, "consent", properties=NO, customer_id="ann")
    page = ask(http, "product_complements", product_id="kettle", customer_id="ann")
    assert page["items"][0]["reason"]["code"] == "bought_together"
    assert shown(ask(http, "cart", cart="kettle", customer_id="ann"))[0] == "tea"


def test_a_request_can_say_it_too(http: httpx.Client) -> None:
    tell(http, "view", product_id="kettle", customer_id="ann")
    answer = ask(http, customer_id="ann", session_id="s-1", personalise="false")
    assert (shown(answer), answer["personalised"]) == (shown(ask(http)), False)


def test_a_no_holds_in_each_browser_of_a_customer_and_a_browser_s_no_for_its_customer(
    http: httpx.Client, client: redis.Redis
) -> None:
    tell(http, "view", product_id="kettle", customer_id="bob", anonymous_id="a-2")
    tell(http, "consent", properties=NO, customer_id="bob", anonymous_id="a-2")
    tell(http, "identify", customer_id="bob", anonymous_id="a-3")
    tell(http, "view", product_id="kettle", anonymous_id="a-3")
    assert [ask(http, anonymous_id=each)["personalised"] for each in ("a-2", "a-3")] == [False, False]
    tell(http, "consent", properties=NO, anonymous_id="a-4")
    tell(http, "identify", customer_id="cy", anonymous_id="a-4")
    assert ask(http, customer_id="cy")["personalised"] is False
    log = keys.shopper_log("cy", identified=True)
    assert (client.lrange(log, 0, -1), client.ttl(log)) == ([NO_PROFILING], -1)  # never forgotten


def test_a_merged_customer_has_said_no_if_either_has(http: httpx.Client) -> None:
    tell(http, "consent", properties=NO, customer_id="c-1")
    tell(http, "view", product_id="kettle", customer_id="c-2")
    http.post("/v1/customers/merge", json={"customer_id": "c-1", "into": "c-2"}).raise_for_status()
    assert ask(http, customer_id="c-2")["personalised"] is False


def test_e_mails_name_what_anybody_would_get_and_note_nothing(http: httpx.Client) -> None:
    anybodys = http.get("/v1/picks", params={"k": 3, "customer_id": "stranger"}).json()
    tell(http, "consent", properties=NO, customer_id="ann")
    for asked in ({"customer_id": "ann"}, {"customer_id": "bob", "personalise": "false"}):
        twice = [http.get("/v1/picks", params={"k": 3, **asked}).json() for _ in range(2)]
        assert [shown(each) for each in twice] == [shown(anybodys)] * 2
        assert {(each["personalised"], each["customer_id"]) for each in twice} == {
            (False, asked["customer_id"])
        }


def test_nothing_is_decided_about_them(http: httpx.Client) -> None:
    ten = {"id": "ten", "kind": "percentage", "value": 10}
    http.put("/v1/offers/catalogue", json={"catalogue": {"offers": [ten]}}).raise_for_status()
    tell(http, "consent", properties=NO, customer_id="ann")
    for asked in ({"customer_id": "ann"}, {"customer_id": "bob", "personalise": False}):
        answer = http.post("/v1/offers", json=asked).json()
        assert (answer["offer_id"], answer["degraded_reasons"]) == ("none", ["no_profiling"])


def test_the_profile_says_so(http: httpx.Client) -> None:
    tell(http, "consent", properties={**NO, "email": True}, customer_id="ann")
    assert http.get("/v1/customers/ann").json()["consents"] == {"email": True, "profiling": False}
