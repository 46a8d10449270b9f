"""Versions of the model over HTTP, and the wish for a new one."""

from datetime import UTC, datetime

import httpx
import msgspec
import pytest

from api.schemas.models import ModelsAnswer, TrainingsAnswer
from features.home import Home
from features.store.trainings import asked_training, noted_training
from recommender.model import versions
from recommender.model.bundle_files import sha256

from bundles import VERSION, write_small
from waiting import eventually

REFUSED, WHY = "2026-11-23T10-00-00Z", "it has 88 orders, the model that serves 500"


@pytest.fixture
def served_home(served_home: Home) -> Home:
    """It serves VERSION, and holds a version that training refused."""
    write_small(served_home.models, REFUSED)
    manifest_file = served_home.models / REFUSED / "manifest.json"
    manifest = msgspec.json.decode(manifest_file.read_bytes())
    examined = {"next_order": {"cases": 9, "perennial": {"hr@10": {"value": 0.4, "low": 0.3, "high": 0.5}}}}
    changed = {"refused": [WHY], "metrics": examined, "created_at": "2026-11-23T10:00:00+00:00"}
    manifest_file.write_bytes(msgspec.json.encode(manifest | changed))
    versions.seal(served_home.models, REFUSED, sha256(manifest_file))
    versions.rollback(served_home.models)
    return served_home


def models(answer: httpx.Response) -> ModelsAnswer:
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=ModelsAnswer)


def serving(answer: ModelsAnswer) -> list[str]:
    return [each.version for each in answer.models if each.serves]


def trainings(answer: httpx.Response) -> TrainingsAnswer:
    return msgspec.json.decode(answer.content, type=TrainingsAnswer)


def test_versions_are_listed_with_how_well_they_did(http: httpx.Client) -> None:
    answer = models(http.get("/v1/models"))
    assert [each.version for each in answer.models] == [REFUSED, VERSION]
    assert (serving(answer), answer.loaded) == ([VERSION], VERSION)
    (examined,) = answer.models[0].examined
    assert examined.measures["hr@10"]["perennial"].value == 0.4
    assert answer.models[0].refused == [WHY]


def test_a_refused_version_is_published_by_force_alone_which_is_logged_and_rolled_back(
    http: httpx.Client,
) -> None:
    refused = http.post(f"/v1/models/{REFUSED}/publish", json={})
    assert refused.status_code == 422
    assert WHY in refused.json()["detail"]
    forced = models(http.post(f"/v1/models/{REFUSED}/publish", json={"force": True}))
    assert (serving(forced), forced.goes_back_to) == ([REFUSED], VERSION)
    (logged,) = forced.published
    assert (logged.how, logged.by, logged.refused) == ("forced", "demo", (WHY,))
    eventually(lambda: models(http.get("/v1/models")).loaded == REFUSED)
    back = models(http.post("/v1/models/rollback"))
    assert serving(back) == [VERSION]
    assert [each.how for each in back.published] == ["rolled back to", "forced"]
    assert http.post("/v1/models/rollback").status_code == 409


def test_what_is_no_version_is_not_found(http: httpx.Client) -> None:
    assert http.post("/v1/models/v9/publish", json={}).status_code == 404


def test_a_training_is_asked_for_once_and_none_while_one_runs(http: httpx.Client, served_home: Home) -> None:
    before = trainings(http.get("/v1/trainings"))
    assert (before.running, before.asked_at, before.worker) == (False, None, False)
    asked = http.post("/v1/trainings")
    assert asked.status_code == 202
    assert trainings(asked).asked_by == "demo"
    again = trainings(http.post("/v1/trainings"))
    assert again.asked_at == trainings(asked).asked_at
    began = datetime.now(UTC)
    with noted_training(served_home) as noted:
        noted.report("Customers", 1, 3)
        running = trainings(http.post("/v1/trainings"))
    assert running.running
    assert running.last
    assert (running.last.stage, running.last.began_at >= began) == ("Customers", True)
    assert asked_training(served_home) is None
