"""Versions, training, keys and users by form."""

import re
from pathlib import Path

import httpx
import msgspec
import pytest

from features.home import Home
from features.store.trainings import asked_training, noted_training
from recommender.model import versions
from recommender.model.bundle_files import sha256

from bundles import VERSION, write_small

PAGE = "/console/service"
REFUSED, WHY = "2026-11-23T10-00-00Z", "it has 88 orders, the model that serves 500"
EXAMINED = {
    "next_order": {
        "cases": 82,
        "perennial": {"hr@10": {"value": 0.57, "low": 0.46, "high": 0.68}, "ms": {"value": 1.0}},
        "popularity": {"hr@10": {"value": 0.27, "low": 0.18, "high": 0.35}, "ms": {"value": 1.0}},
    }
}


def rewrite(home: Home, version: str, **changes: object) -> None:
    """Let a version's manifest say something else."""
    manifest_file = home.models / version / "manifest.json"
    manifest = msgspec.json.decode(manifest_file.read_bytes())
    manifest_file.write_bytes(msgspec.json.encode(manifest | changes))
    versions.seal(home.models, version, sha256(manifest_file))


@pytest.fixture
def served_home(tmp_path: Path) -> Home:
    """It serves VERSION, and holds one that training refused."""
    home = Home(tmp_path / "shop")
    write_small(home.models, REFUSED)
    rewrite(home, REFUSED, refused=[WHY], created_at="2026-11-23T10:00:00+00:00")
    (home.models / versions.CURRENT).unlink()
    write_small(home.models)
    rewrite(home, VERSION, metrics=EXAMINED)
    versions.publish(home.models, VERSION)
    return home


def serving(http: httpx.Client) -> list[str]:
    return [each["version"] for each in http.get("/v1/models").json()["models"] if each["serves"]]


def test_it_says_how_good_the_model_is_beside_best_sellers(console: httpx.Client) -> None:
    page = console.get(PAGE)
    assert page.status_code == 200
    assert "Of 82 customers of the last weeks, 57% bought one" in page.text
    assert "would have hit 27%" in page.text
    assert WHY in page.text
    assert "style=" not in page.text  # the policy would not let it through


def test_a_refused_version_is_published_anyway_and_taken_back(
    console: httpx.Client, http: httpx.Client
) -> None:
    refused = console.post(f"{PAGE}/publish", data={"version": REFUSED})
    assert refused.status_code == 422
    assert "publishes it all the same" in refused.text
    console.post(f"{PAGE}/publish", data={"version": REFUSED, "force": "yes"})
    assert serving(http) == [REFUSED]
    assert "published against its checks" in console.get(PAGE).text
    console.post(f"{PAGE}/rollback")
    assert serving(http) == [VERSION]
    assert http.get("/v1/models").json()["published"][0]["by"] == "demo"


def test_a_training_is_asked_for_and_followed(console: httpx.Client, served_home: Home) -> None:
    part = {"HX-Request": "true"}
    assert "No worker runs here" in console.post(f"{PAGE}/train", headers=part).text
    asked = asked_training(served_home)
    assert asked
    assert asked.by == "demo"
    with noted_training(served_home) as noted:
        noted.report("Customers", 1, 3)
        followed = console.get(f"{PAGE}/training", headers=part)
        assert "Customers and their value: 1 of 3" in followed.text
        assert "hx-trigger" in followed.text
        noted.ended("v", (WHY,))
    ended = console.get(f"{PAGE}/training", headers=part)
    assert ended.headers["hx-redirect"] == PAGE
    assert "was not published" in console.get(PAGE).text


def test_a_key_is_shown_once_and_revoked(console: httpx.Client, http: httpx.Client) -> None:
    made = console.post(f"{PAGE}/keys", data={"scope": "public", "name": "till <1>"})
    (key,) = re.findall(r'class="secret">(pk_[^<]+)<', made.text)
    assert "till &lt;1&gt;" in made.text
    assert http.get("/v1/bundles", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    assert key not in console.get(PAGE).text
    console.post(f"{PAGE}/keys/revoke", data={"prefix": key[:9]})
    assert http.get("/v1/bundles", headers={"Authorization": f"Bearer {key}"}).status_code == 401


def test_users_come_and_go_and_only_an_owner_changes_anything(
    console: httpx.Client, visitor: httpx.Client
) -> None:
    short = console.post(f"{PAGE}/users", data={"name": "Jo", "role": "viewer", "password": "short"})
    assert "10 characters" in short.text
    console.post(f"{PAGE}/users", data={"name": "Jo", "role": "viewer", "password": "a long sentence"})
    assert ">Jo<" in console.get(PAGE).text
    visitor.cookies.clear()
    visitor.post("/console/sign-in", data={"name": "Jo", "secret": "a long sentence"})
    seen = visitor.get(PAGE).text
    assert "How good is the model?" in seen
    assert "Revoke" not in seen
    for path in ("train", "rollback", "keys", "users/remove"):
        assert visitor.post(f"{PAGE}/{path}", data={"name": "Jo"}).status_code == 403
