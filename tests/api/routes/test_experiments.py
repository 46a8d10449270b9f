"""`/v1/experiments` as an owner uses it, and what its arms do to answers.

Covers api/serving/experiments.py and api/serving/offer_experiments.py, too.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
import redis
from impression_log import impressions

from api.schemas.experiments import ExperimentsAnswer
from features.home import Home
from features.store import keys
from recommender.experiments.assignment import arm_of
from recommender.experiments.plan import Experiment
from recommender.model import versions
from recommender.model.bundle_files import write_bundle

from bundles import VERSION, small_bundle, small_manifest
from waiting import eventually

PIN = [{"kind": "pin", "id": "p", "product_id": "tin", "position": 1}]
PINNED = {"id": "x-1", "arms": [{"id": "as_is"}, {"id": "tins", "rules": PIN}]}
OTHER_VERSION = "2026-11-21T10-00-00Z"


def put(http: httpx.Client, *experiments: dict[str, Any], **more: Any) -> httpx.Response:
    return http.put("/v1/experiments", json={"experiments": experiments, **more})


def saved(answer: httpx.Response) -> ExperimentsAnswer:
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=ExperimentsAnswer)


def ask(http: httpx.Client, visitor: str, placement: str = "home", **query: Any) -> dict[str, Any]:
    words = {"placement": placement, "anonymous_id": visitor, "k": 3, **query}
    answer = http.get("/v1/recommendations", params=words)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def visitor_of(plan: dict[str, Any], arm: str) -> str:
    """One whom the plan sends there."""
    experiment = msgspec.convert(plan, Experiment)
    names = (f"v-{number}" for number in range(500))
    return next(name for name in names if (drawn := arm_of(experiment, name)) and drawn.id == arm)


def shown(answer: dict[str, Any]) -> list[str]:
    return [item["product_id"] for item in answer["items"]]


def test_experiments_are_versioned_and_complete(http: httpx.Client) -> None:
    first = saved(http.get("/v1/experiments"))
    assert (first.revision, first.experiments, first.versions, first.holdout) == (0, (), [], 0)
    changed = saved(put(http, PINNED))
    (experiment,) = changed.experiments
    assert (changed.revision, changed.running, experiment.arms[1].weight) == (1, ["x-1"], 1)
    stale = put(http, revision=0)
    assert stale.status_code == 409
    assert "`revision`: 1" in stale.json()["detail"]
    again = saved(put(http, revision=1))
    assert [(each.revision, each.experiments) for each in again.versions] == [(2, []), (1, ["x-1"])]
    assert saved(http.get("/v1/experiments", params={"revision": 1})).experiments == changed.experiments
    assert http.get("/v1/experiments", params={"revision": 9}).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"id": "a", "arms": [{"id": "one"}]}, "length >= 2"),
        ({"id": "a", "arms": [{"id": "one"}, {"id": "two", "weight": 0}]}, "sends everybody to one arm"),
        ({"id": "a", "arms": [{"id": "one"}, {"id": "two", "weight": -1}]}, "weight"),
        ({"id": "holdout", "arms": [{"id": "one"}, {"id": "two"}]}, "name of the permanent holdout"),
        ({"id": "a", "arms": [{"id": "one"}, {"id": "two", "model": "newest"}]}, "perennial models list"),
        ({"id": "a", "arms": [{"id": "one"}, {"id": "two", "rules": PIN + PIN}]}, "Arm `two` of `a`"),
        ({"id": "a", "arms": [{"id": "one"}, {"id": "two", "colour": "red"}]}, "colour"),
        ({"id": "a", "arms": [{"id": "one"}, {"id": "two"}], "placements": ["moon"]}, "moon"),
        ({"id": "a", "arms": [{"id": "one"}, {"id": "two"}], "until": "2026-01-01"}, "until"),
    ],
)
def test_a_wrong_experiment_is_refused_whole(
    http: httpx.Client, wrong: dict[str, Any], complaint: str
) -> None:
    answer = put(http, wrong)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert complaint in answer.json()["detail"]
    assert saved(http.get("/v1/experiments")).revision == 0


def test_two_that_meet_on_the_same_visitors_are_refused(http: httpx.Client) -> None:
    other = {**PINNED, "id": "x-2"}
    assert "would both change `buy_again`" in put(http, PINNED, other).json()["detail"]
    parts = [{**PINNED, "layer": "all", "slice": [0, 0.5]}, {**other, "layer": "all", "slice": [0.5, 1]}]
    assert saved(put(http, *parts)).running == ["x-1", "x-2"]


def test_a_running_experiment_cannot_be_edited_but_ended(http: httpx.Client) -> None:
    saved(put(http, PINNED))
    heavier = {**PINNED, "arms": [{"id": "as_is"}, {"id": "tins", "rules": PIN, "weight": 3}]}
    answer = put(http, heavier)
    assert answer.status_code == 422
    assert "`x-1` is running" in answer.json()["detail"]
    over = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    ended = saved(put(http, {**PINNED, "name": "Tins", "until": over}))
    assert ended.running == []
    assert any("is over" in warning for warning in ended.warnings)
    assert ask(http, visitor_of(PINNED, "tins"))["experiment"] is None
    assert saved(put(http)).experiments == ()


def test_what_is_odd_is_a_warning(http: httpx.Client) -> None:
    lazy = {"id": "o", "arms": [{"id": "all"}, {"id": "some", "offers": ["ten"]}, {"id": "c", "weight": 0}]}
    warnings = saved(put(http, lazy)).warnings
    assert any("no offer `ten`" in warning for warning in warnings)
    assert any("`c` of `o` has the weight 0" in warning for warning in warnings)


def test_an_arm_of_rules_answers_by_them_and_both_arms_are_named(http: httpx.Client) -> None:
    before = shown(ask(http, control := visitor_of(PINNED, "as_is")))
    saved(put(http, PINNED))
    pinned, as_is = ask(http, visitor_of(PINNED, "tins")), ask(http, control)
    assert (shown(pinned)[0], pinned["experiment"]) == ("tin", {"id": "x-1", "arm": "tins"})
    assert (shown(as_is), as_is["experiment"]) == (before, {"id": "x-1", "arm": "as_is"})
    assert pinned["degraded"] is False


def test_an_experiment_of_one_placement_leaves_the_others_alone(http: httpx.Client) -> None:
    saved(put(http, {**PINNED, "placements": ["cart"]}))
    visitor = visitor_of({**PINNED, "placements": ["cart"]}, "tins")
    assert ask(http, visitor)["experiment"] is None
    assert ask(http, visitor, "cart", cart="mug")["experiment"] == {"id": "x-1", "arm": "tins"}


def test_the_page_gets_what_an_arm_hands_to_it(http: httpx.Client) -> None:
    plan = {"id": "w", "arms": [{"id": "old"}, {"id": "new", "widget": {"heading": "Picked", "k": [4]}}]}
    saved(put(http, plan))
    experiment = ask(http, visitor_of(plan, "new"))["experiment"]
    assert experiment == {"id": "w", "arm": "new", "widget": {"heading": "Picked", "k": [4]}}
    page = {"requests": [{"placement": "home", "anonymous_id": visitor_of(plan, "new")}]}
    (answer,) = http.post("/v1/recommendations", json=page).json()["answers"]
    assert answer["experiment"] == experiment


def test_who_has_no_id_takes_no_part(http: httpx.Client) -> None:
    saved(put(http, PINNED))
    assert http.get("/v1/recommendations", params={"placement": "home"}).json()["experiment"] is None


def publish_other(home: Home) -> None:
    manifest = msgspec.structs.replace(small_manifest(), version=OTHER_VERSION)
    bundle = small_bundle()
    seal = write_bundle(home.models / OTHER_VERSION, manifest, bundle.tables, bundle.index)
    versions.seal(home.models, OTHER_VERSION, seal)


def test_an_arm_of_another_model_is_answered_by_it_on_todays_shelf(
    http: httpx.Client, served_home: Home
) -> None:
    publish_other(served_home)
    plan = {"id": "m", "arms": [{"id": "now"}, {"id": "then", "model": OTHER_VERSION}]}
    saved(put(http, plan))
    visitor = visitor_of(plan, "then")
    assert ask(http, visitor)["model_version"] == OTHER_VERSION
    assert ask(http, visitor_of(plan, "now"))["model_version"] == VERSION
    gone = shown(ask(http, visitor))[0]
    http.put("/v1/catalogue", json={"products": [{"product_id": gone, "available": False}]})
    eventually(lambda: gone not in shown(ask(http, visitor)))
    assert ask(http, visitor)["model_version"] == OTHER_VERSION


def test_an_arm_whose_model_went_away_counts_for_nothing(
    http: httpx.Client, served_home: Home, client: redis.Redis
) -> None:
    plan = {"id": "m", "arms": [{"id": "now"}, {"id": "then", "model": OTHER_VERSION}]}
    client.lpush(
        keys.experiment_settings(), msgspec.json.encode({"revision": 1, "saved_at": None, "settings": [plan]})
    )
    client.hset(keys.revisions(), "experiments", 1)
    visitor = visitor_of(plan, "then")
    eventually(lambda: ask(http, visitor)["degraded_reasons"] == ["experiment_unavailable"])
    answer = ask(http, visitor)
    assert (answer["experiment"], answer["model_version"], len(answer["items"])) == (None, VERSION, 3)
    shown_id = answer["recommendation_id"]
    eventually(lambda: any(each.recommendation_id == shown_id for each in impressions(client)))
    assert {each.treated.arm for each in impressions(client) if each.recommendation_id == shown_id} == {None}


def test_what_was_shown_is_noted_with_its_arm(http: httpx.Client, client: redis.Redis) -> None:
    plan = {"id": "x-1", "arms": [{"id": "as_is"}, {"id": "tins", "rules": PIN, "weight": 3}]}
    saved(put(http, plan))
    ask(http, visitor_of(plan, "tins"))
    eventually(lambda: len(impressions(client)) == 1)
    (record,) = impressions(client)
    plan_hash = msgspec.convert(plan, Experiment).plan_hash
    treated = record.treated
    assert (treated.experiment, treated.plan_hash, treated.arm, treated.propensity) == (
        "x-1",
        plan_hash,
        "tins",
        0.75,
    )
    assert (treated.held_out, treated.holdout) == (False, 0)


def test_the_picks_of_an_email_are_part_of_it_and_noted_unless_it_is_a_preview(
    http: httpx.Client, client: redis.Redis
) -> None:
    saved(put(http, PINNED))
    customer = visitor_of(PINNED, "tins")
    for preview in ("true", "false"):
        picked = http.get(f"/v1/customers/{customer}/picks", params={"k": 2, "preview": preview}).json()
        assert (picked["items"][0]["product_id"], picked["experiment"]["arm"]) == ("tin", "tins")
    eventually(lambda: bool(impressions(client)))
    (record,) = impressions(client)
    assert (record.recommendation_id, record.customer_id) == (picked["recommendation_id"], customer)
    assert record.treated.arm == "tins"


def test_a_public_key_opens_nothing_here(http: httpx.Client) -> None:
    public = {"Authorization": "Bearer pk_demo"}
    assert http.get("/v1/experiments", headers=public).status_code == 403
    assert http.put("/v1/experiments", json={"experiments": []}, headers=public).status_code == 403


def test_experiments_are_documented(http: httpx.Client) -> None:
    document = http.get("/openapi.json").json()
    assert {"get", "put"} <= document["paths"]["/v1/experiments"].keys()
    assert {"ExperimentsAnswer", "Experiment", "Arm", "ExperimentAnswer"} <= document["components"][
        "schemas"
    ].keys()
