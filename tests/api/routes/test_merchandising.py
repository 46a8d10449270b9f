"""`/v1/merchandising` as a merchant's dashboard uses it.

Covers api/serving/revisions.py and api/serving/inputs.py, too.
"""

from typing import Any

import httpx
import msgspec
import pytest
import redis

from api.schemas.recommendations import PreviewAnswer, SavedRulesAnswer
from features.home import Home
from features.store import keys

from bundles import write_small
from waiting import eventually

HIDE = {"id": "no-mugs", "kind": "hide", "products": ["mug"]}
PIN = {"id": "tins", "name": "Tins first", "kind": "pin", "product_id": "tin", "position": 1}
NEWER = "2026-11-23T10-00-00Z"


def shown(http: httpx.Client, **query: Any) -> list[str]:
    answer = http.get("/v1/recommendations", params={"placement": "home", "k": 3, **query})
    return [item["product_id"] for item in answer.json()["items"]]


def put(http: httpx.Client, *rules: dict[str, Any], **fields: Any) -> httpx.Response:
    return http.put("/v1/merchandising", json={"rules": list(rules), **fields})


def saved(http: httpx.Client, **query: Any) -> SavedRulesAnswer:
    answer = http.get("/v1/merchandising", params=query)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=SavedRulesAnswer)


def test_a_shop_begins_without_rules(http: httpx.Client) -> None:
    rules = saved(http)
    assert (rules.revision, rules.saved_at, rules.rules, rules.versions) == (0, None, (), [])


def test_saved_rules_change_the_very_next_answer(http: httpx.Client) -> None:
    assert shown(http) == ["mug", "tea", "spoon"]
    answer = put(http, PIN, {**HIDE, "products": ["mug", "jug"]}).json()
    assert answer["revision"] == 1
    assert answer["rules"] == [PIN, {**HIDE, "products": ["mug", "jug"]}]
    assert answer["warnings"] == [
        "Rule `no-mugs`: no product `jug` in the model; it counts once training has seen it."
    ]
    assert shown(http) == ["tin", "tea", "spoon"]
    put(http)
    assert shown(http) == ["mug", "tea", "spoon"]


def test_a_page_still_shows_nothing_twice(http: httpx.Client) -> None:
    put(http, PIN)
    page = http.post("/v1/recommendations", json={"requests": [{"placement": "home", "k": 3}] * 2}).json()
    first, second = ([item["product_id"] for item in answer["items"]] for answer in page["answers"])
    assert first[0] == "tin"
    assert len({*first, *second}) == 6


def test_rules_saved_elsewhere_are_followed(http: httpx.Client, client: redis.Redis) -> None:
    version = {"revision": 1, "saved_at": "2026-11-22T12:00:00Z", "rules": [HIDE]}
    client.lpush(keys.merchandising(), msgspec.json.encode(version))
    client.hset(keys.revisions(), "merchandising", 1)
    eventually(lambda: shown(http) == ["tea", "spoon", "kettle"], within_s=5)
    client.flushall()
    eventually(lambda: shown(http) == ["mug", "tea", "spoon"], within_s=5)


def test_rules_outlive_a_new_model_and_a_change_of_stock(http: httpx.Client, served_home: Home) -> None:
    put(http, HIDE)
    http.put("/v1/catalogue", json={"products": [{"product_id": "tea", "stock": 0}]})
    assert shown(http) == ["spoon", "kettle", "cup"]
    write_small(served_home.models, NEWER)
    eventually(lambda: http.get("/readyz").json()["model_version"] == NEWER)
    assert shown(http) == ["spoon", "kettle", "cup"]


def test_costs_from_the_live_catalogue_count_for_margins(http: httpx.Client) -> None:
    put(http, {"id": "margin", "kind": "margin", "minimum": 0.5})
    assert shown(http) == ["mug", "tea", "spoon"]
    http.put("/v1/catalogue", json={"products": [{"product_id": "mug", "cost": 7.5}]})
    assert shown(http) == ["tea", "spoon", "kettle"]


def test_who_was_slower_is_refused(http: httpx.Client) -> None:
    assert put(http, PIN, revision=0).status_code == 200
    answer = put(http, HIDE, revision=0)
    assert answer.status_code == answer.json()["status"] == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert "`revision`: 1" in answer.json()["detail"]
    assert [rule.id for rule in saved(http).rules] == ["tins"]
    assert put(http, HIDE, revision=1).json()["revision"] == 2


def test_one_goes_back_by_saving_an_earlier_version(http: httpx.Client) -> None:
    put(http, PIN)
    put(http, HIDE, PIN)
    assert [(each.revision, each.rules) for each in saved(http).versions] == [(2, 2), (1, 1)]
    earlier = http.get("/v1/merchandising", params={"revision": 1}).json()
    assert put(http, *earlier["rules"]).json()["revision"] == 3
    assert saved(http).rules == saved(http, revision=1).rules
    assert http.get("/v1/merchandising", params={"revision": 9}).status_code == 404


def test_each_version_says_whose_key_saved_it(http: httpx.Client) -> None:
    put(http, PIN)
    assert [each.saved_by for each in saved(http).versions] == ["demo"]


CLASH = {**PIN, "id": "too", "product_id": "tea"}
BACKWARDS = {**HIDE, "from": "2026-12-02T00:00:00Z", "until": "2026-12-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        (3, "Expected `array`"),
        ([PIN, CLASH], "`tins` and `too` pin to position 1"),
        ([{**PIN, "position": 0}], "rules[0].position"),
        ([{"id": "x", "kind": "boost", "brands": ["fern"], "factor": 0.5}], "rules[0].factor"),
        ([{**HIDE, "until": "tomorrow"}], "rules[0].until"),
        ([BACKWARDS], "put `from` before `until`"),
        ([{**HIDE, "id": f"r-{number}"} for number in range(201)], "length <= 200"),
    ],
)
def test_wrong_rules_are_refused_whole(http: httpx.Client, rules: Any, complaint: str) -> None:
    tried = http.post("/v1/merchandising/preview", json={"rules": rules, "request": {"placement": "home"}})
    for answer in (tried, http.put("/v1/merchandising", json={"rules": rules})):
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert complaint in answer.json()["detail"]
    assert saved(http).revision == 0


def test_a_preview_tells_what_each_rule_changes_and_saves_nothing(http: httpx.Client) -> None:
    later = {**HIDE, "id": "later", "products": ["tea"], "from": "2099-01-01T00:00:00Z"}
    body = {"rules": [PIN, HIDE, later], "request": {"placement": "home", "k": 3}}
    answer = http.post("/v1/merchandising/preview", json=body)
    preview = msgspec.json.decode(answer.content, type=PreviewAnswer)
    assert [item.product_id for item in preview.before] == ["mug", "tea", "spoon"]
    assert [item.product_id for item in preview.after] == ["tin", "tea", "spoon"]
    pin, hide, _later = preview.rules
    assert (pin.id, pin.name, pin.added, pin.removed) == ("tins", "Tins first", ["tin"], ["spoon"])
    assert [(move.product_id, move.before, move.after) for move in pin.moved] == [
        ("mug", 1, 2),
        ("tea", 2, 3),
    ]
    assert (hide.added, hide.removed) == (["spoon"], ["mug"])
    assert [each.speaks for each in preview.rules] == [True, True, False]
    assert shown(http) == ["mug", "tea", "spoon"]
    then = http.post("/v1/merchandising/preview", json={**body, "at": "2099-06-01T00:00:00Z"}).json()
    assert "tea" not in [item["product_id"] for item in then["after"]]


def test_a_preview_knows_the_shopper(http: httpx.Client) -> None:
    request = {"placement": "buy_again", "customer_id": "ann", "k": 2}
    preview = http.post("/v1/merchandising/preview", json={"rules": [], "request": request}).json()
    assert [item["source"] for item in preview["before"]] == ["repeat", "repeat"]
    assert preview["after"] == preview["before"]


def test_the_rules_are_documented(http: httpx.Client) -> None:
    document = http.get("/openapi.json").json()
    assert {"get", "put"} <= document["paths"]["/v1/merchandising"].keys()
    assert {"Pin", "Rotation", "PreviewAnswer", "SavedRulesAnswer"} <= document["components"][
        "schemas"
    ].keys()
