"""`/v1/recommendations` and `/v1/events` as a shop's page uses them.

Covers api/serving/widgets.py, api/web/problems.py and api/web/replies.py, too.
"""

from typing import Any, cast

import httpx
import msgspec
import pytest
import redis

from api.schemas.recommendations import Answer, AnswerPage
from features.store import keys
from recommender.context.request import PLACEMENTS
from recommender.placements import ABOUT_THE_PRODUCT

from bundles import PRODUCTS, VERSION


def ask(http: httpx.Client, placement: str = "home", **query: Any) -> Answer:
    answer = http.get("/v1/recommendations", params={"placement": placement, **query})
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=Answer)


def shown(http: httpx.Client, placement: str = "home", **query: Any) -> list[str]:
    return [item.product_id for item in ask(http, placement, **query).items]


def tell(http: httpx.Client, **event: Any) -> None:
    answer = http.post("/v1/events", json=event)
    assert answer.json()["accepted"] == 1, answer.text


def test_an_answer_has_the_documented_shape(http: httpx.Client) -> None:
    for placement in PLACEMENTS:
        answer = ask(http, placement, product_id="kettle", cart="mug,tea", customer_id="ann", k=3)
        assert answer.placement == placement
        assert answer.model_version == VERSION
        assert answer.recommendation_id.startswith("r-")
        assert (answer.degraded, answer.degraded_reasons) == (False, []), placement
        ranks = [item.rank for item in answer.items]
        assert ranks == [1, 2, 3][: len(ranks) if placement in ABOUT_THE_PRODUCT else 3], placement
        assert all(item.title and item.price and item.reason.text for item in answer.items), placement


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"customer_id": "nobody"},
        {"product_id": 'a/b "c" 🧶' + "x" * 400},
        {"cart": ",,gone,,"},
        {"anonymous_id": "a-1", "session_id": "s-1"},
        {"customer_id": ""},
    ],
)
def test_what_is_unknown_is_answered_with_the_best_there_is(
    http: httpx.Client, query: dict[str, str]
) -> None:
    for placement in PLACEMENTS:
        assert len(shown(http, placement, k=4, **query)) == (0 if placement == "upgrade" else 4)


def test_a_view_moves_the_very_next_answer(http: httpx.Client) -> None:
    before = shown(http, anonymous_id="a-1", k=3)
    tell(http, type="view", anonymous_id="a-1", product_id="kettle")
    after = ask(http, anonymous_id="a-1", k=3)
    assert [item.product_id for item in after.items] != before
    assert after.items[0].reason.text == "Because you looked at Kettle"


def test_what_was_added_leaves_the_cart_widget(http: httpx.Client) -> None:
    tell(http, type="add_to_cart", anonymous_id="a-1", product_id="kettle")
    assert shown(http, "cart", anonymous_id="a-1", k=1) == ["tea"]
    tell(http, type="add_to_cart", anonymous_id="a-1", product_id="tea")
    assert "tea" not in shown(http, "cart", anonymous_id="a-1", k=7)


def test_what_was_bought_is_left_to_buy_again(http: httpx.Client) -> None:
    order = {"order_id": "o-1", "items": [{"product_id": "mug", "quantity": 2, "unit_price": 8}]}
    tell(http, type="purchase", customer_id="ann", order=order)
    for placement in PLACEMENTS:
        products = shown(http, placement, customer_id="ann", k=7)
        assert ("mug" in products) == (placement == "buy_again")


def test_a_question_says_how_much_of_what_was_bought_before_is_shown(http: httpx.Client) -> None:
    owned = {"tea", "mug"}
    for repeats, favourites in (("none", 0), ("0.25", 1), ("1", 2), ("all", 2)):
        products = shown(http, "next_order", customer_id="ann", k=4, repeats=repeats)
        assert len(owned & set(products)) == favourites, repeats
    questions = [{"placement": "home", "customer_id": "ann", "k": 4, "repeats": each} for each in ("none", 1)]
    page = http.post("/v1/recommendations", json={"requests": questions}).json()
    first, second = ({item["product_id"] for item in each["items"]} for each in page["answers"])
    assert (len(owned & first), len(owned & second)) == (0, 2)
    reorder = shown(http, "email", customer_id="ann", k=2, campaign="reorder")
    assert set(reorder) == owned


def test_anonymous_history_joins_the_customer(http: httpx.Client) -> None:
    tell(http, type="view", anonymous_id="a-1", product_id="kettle")
    assert ask(http, customer_id="zoe", k=1).items[0].source == "popular"
    tell(http, type="identify", anonymous_id="a-1", customer_id="zoe")
    assert ask(http, customer_id="zoe", k=1).items[0].source == "browsing"


def test_one_page_shows_nothing_twice(http: httpx.Client) -> None:
    requests = [
        {"placement": "home", "k": 3},
        {"placement": "trending", "k": 2},
        {"placement": "cart", "k": 2},
    ]
    answer = http.post("/v1/recommendations", json={"requests": requests})
    page = msgspec.json.decode(answer.content, type=AnswerPage)
    products = [item.product_id for each in page.answers for item in each.items]
    assert [each.placement for each in page.answers] == ["home", "trending", "cart"]
    assert len(products) == len(set(products)) == 7


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ({}, "placement"),
        ({"placement": "nowhere"}, "placement"),
        ({"placement": "home", "k": "many"}, "k"),
        ({"placement": "home", "k": 0}, "k"),
        ({"placement": "home", "min_price": -1}, "min_price"),
        ({"placement": "home", "plcement": "x"}, "plcement"),
        ({"placement": "home", "repeats": "some"}, "`all`, `none`, or the share"),
        ({"placement": "home", "repeats": "1.5"}, "`all`, `none`, or the share"),
        ({"placement": "email", "campaign": "spring"}, "campaign"),
        ({"placement": "home", "campaign": "reorder"}, "`campaign` belongs to the placement `email`"),
        ({"placement": "home", "product_id": "x" * 513}, "product_id"),
    ],
)
def test_a_wrong_question_says_what_is_wrong(
    http: httpx.Client, query: dict[str, Any], complaint: str
) -> None:
    answer = http.get("/v1/recommendations", params=query)
    problem = answer.json()
    assert answer.status_code == problem["status"] == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert complaint in problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"requests": []}', b'{"requests": 3}']
)
def test_a_wrong_page_is_a_problem(http: httpx.Client, body: bytes) -> None:
    answer = http.post("/v1/recommendations", content=body)
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


def test_filters_of_the_query_reach_the_answer(http: httpx.Client) -> None:
    assert set(shown(http, category="pantry", k=7)) == {"tea", "tin"}
    assert set(shown(http, exclude=",".join(PRODUCTS[:5]), k=7)) == {"tin", "cup"}
    assert set(shown(http, max_price=4, k=7)) == {"spoon"}


def test_a_question_may_say_for_how_long_what_was_bought_rests(http: httpx.Client) -> None:
    """Bob bought a kettle in 2026."""
    assert "kettle" in shown(http, "next_order", customer_id="bob", k=7, rest_days=0)
    assert "kettle" not in shown(http, "next_order", customer_id="bob", k=7, rest_days=3_650)
    assert "kettle" in shown(http, "buy_again", customer_id="bob", k=7)
    assert "kettle" not in shown(http, "buy_again", customer_id="bob", k=7, rest_days=3_650)
    question = {"placement": "next_order", "customer_id": "bob", "k": 7, "rest_days": 0}
    page = http.post("/v1/recommendations", json={"requests": [question]}).json()
    assert "kettle" in {item["product_id"] for item in page["answers"][0]["items"]}


@pytest.mark.parametrize("rest_days", ["-1", "3651", "1.5", "soon"])
def test_a_rest_that_is_none_is_a_problem(http: httpx.Client, rest_days: str) -> None:
    query = {"placement": "home", "rest_days": rest_days}
    assert http.get("/v1/recommendations", params=query).status_code == 422


def test_a_browser_that_objects_to_profiling_is_nobody(http: httpx.Client) -> None:
    tell(http, type="view", anonymous_id="a-1", product_id="kettle")
    http.headers["Authorization"] = "Bearer pk_demo"
    objecting = {"Sec-GPC": "1"}
    query = {"placement": "home", "anonymous_id": "a-1"}
    answer = http.get("/v1/recommendations", params=query, headers=objecting).json()
    assert {item["source"] for item in answer["items"]} == {"popular"}
    view = {"type": "view", "anonymous_id": "a-1", "product_id": "tea"}
    refused = http.post("/v1/events", json=view, headers=objecting).json()
    assert refused["accepted"] == 0
    assert "Sec-GPC" in refused["rejected"][0]["reason"]


def test_reasons_and_headings_are_in_the_language_asked_for(http: httpx.Client) -> None:
    query = {"product_id": "kettle", "k": 1}
    german = ask(http, "product_complements", language="de-AT", **query)
    assert german.heading == "Passt gut dazu"
    assert german.items[0].reason.text == "16 von 40 Käufern von Kettle haben auch das gekauft"
    other = ask(http, "product_complements", language="sv", **query)
    assert (other.heading, other.items[0].reason.code) == ("Goes well with this", "bought_together")
    too_long = http.get("/v1/recommendations", params={"placement": "home", "language": "x" * 36})
    assert too_long.status_code == 422


VIEW = {"product_id": "kettle", "track": "view", "anonymous_id": "a-1", "session_id": "s-1"}


def test_a_question_can_be_a_page_view_that_counts_once(http: httpx.Client, client: redis.Redis) -> None:
    for _ in range(2):
        ask(http, "product_similar", event_id="e-1", **VIEW)
    [(_, fields)] = cast(list[Any], client.xrange(keys.event_stream()))
    event = msgspec.json.decode(fields[b"e"])
    event.pop("timestamp")
    shopper = {"anonymous_id": "a-1", "session_id": "s-1"}
    assert event == {"type": "view", "event_id": "e-1", "product_id": "kettle", **shopper}
    assert ask(http, anonymous_id="a-1").items[0].reason.text == "Because you looked at Kettle"


def test_a_page_of_widgets_is_one_view(http: httpx.Client, client: redis.Redis) -> None:
    widgets = ("product_similar", "upgrade", "home")
    requests = [{"placement": placement, "k": 2, **VIEW} for placement in widgets]
    answers = http.post("/v1/recommendations", json={"requests": requests}).json()["answers"]
    assert client.xlen(keys.event_stream()) == 1
    assert answers[2]["items"][0]["reason"]["code"] == "viewed"


@pytest.mark.parametrize(
    "no", [{"personalise": "false"}, {"anonymous_id": ""}], ids=["objects", "names nobody"]
)
def test_a_view_of_nobody_is_not_kept(http: httpx.Client, client: redis.Redis, no: dict[str, str]) -> None:
    assert ask(http, **{**VIEW, **no}).items
    assert client.xlen(keys.event_stream()) == 0


def test_a_view_needs_a_product(http: httpx.Client) -> None:
    answer = http.get("/v1/recommendations", params={"placement": "home", "track": "view"})
    assert answer.status_code == 422
    assert "product_id" in answer.json()["detail"]
