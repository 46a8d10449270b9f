"""A page's id meets the imported history; two ids become one; placeholders are nobody.

Covers api/serving/owners.py, too.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from api.serving.shoppers import customer_token
from features.history.archiver import Archiver
from features.home import Home
from features.merchant.api_keys import add_demo_keys
from features.people.aliases import current_names
from features.people.kept_emails import begin_keeping, emails_of
from features.people.names import former_name, people_key
from features.store import keys
from features.store.settings import StoreSettings
from recommender.arrays.id_map import IdMap
from recommender.model import versions
from recommender.model.bundle_files import write_bundle

from bundles import VERSION, small_index, small_manifest, small_tables
from serving import NO_CERTIFICATES

Serve = Callable[[Home, str], AbstractContextManager[str]]
ADDRESS, OLD_ADDRESS = "anna@example.com", "bob@example.com"
SECRET = {"Authorization": "Bearer sk_demo"}
PUBLIC = {"Authorization": "Bearer pk_demo"}


def identify(customer: str, email: str | None = ADDRESS, **fields: Any) -> dict[str, Any]:
    properties = {"email": email} if email else {}
    return {
        "type": "identify",
        "customer_id": customer,
        "anonymous_id": "a-9",
        "properties": properties,
    } | fields


@pytest.fixture
def served_home(tmp_path: Path) -> Home:
    """A home whose model knows its two customers by their addresses: one as imports do, one as they did."""
    home = Home(tmp_path / "shop")
    names = [str(people_key(home).email(ADDRESS)), str(former_name(OLD_ADDRESS))]
    tables = replace(small_tables(), customers=IdMap.build(names))
    seal = write_bundle(home.models / VERSION, small_manifest(VERSION), tables, small_index(tables))
    versions.seal(home.models, VERSION, seal)
    versions.publish(home.models, VERSION)
    return home


def profile(http: httpx.Client, customer: str) -> dict[str, Any]:
    answer: dict[str, Any] = http.get("/v1/customers", params={"customer_id": customer}).json()
    return answer


def bought(http: httpx.Client, customer: str) -> list[str]:
    asked = {"placement": "buy_again", "customer_id": customer}
    items = http.get("/v1/recommendations", params=asked).json()["items"]
    return [item["product_id"] for item in items if item["reason"]["code"] == "buy_again"]


def test_who_signs_in_finds_the_imported_orders(http: httpx.Client) -> None:
    assert "tea" not in bought(http, "4711")
    assert http.post("/v1/events", json=identify("4711")).json()["accepted"] == 1
    assert "tea" in bought(http, "4711")
    assert profile(http, "4711")["known"]
    picks = http.get("/v1/customers/4711/picks", params={"campaign": "reorder"}).json()
    assert picks["customer_id"] == "4711"
    assert "tea" in [item["product_id"] for item in picks["items"]]


def test_so_they_do_under_the_names_that_imports_gave_before(http: httpx.Client) -> None:
    asked = {"placement": "home", "customer_id": "4711", "k": "8"}
    before = http.get("/v1/recommendations", params=asked).json()["items"]
    http.post("/v1/events", json=identify("4711", OLD_ADDRESS))
    after = http.get("/v1/recommendations", params=asked).json()["items"]
    assert "kettle" in [item["product_id"] for item in before]
    assert "kettle" not in [item["product_id"] for item in after]  # bought the day before


def test_addresses_are_not_kept(http: httpx.Client, served_home: Home, redis_url: str) -> None:
    settings = StoreSettings(redis_url=None)
    order = {"type": "purchase", "order": {"order_id": "o-1", "items": [{"product_id": "mug"}]}}
    told = order | {"properties": {"email": ADDRESS, "phone": "+49 170 1234567", "gift": True}}
    assert http.post("/v1/events", json=[told, identify("4711")]).json()["accepted"] == 2
    with redis.Redis.from_url(redis_url) as client:
        Archiver(client, served_home, settings).run(burst=True)
        assert not any(b"@example" in (client.dump(key) or b"") for key in client.scan_iter())
    files = [path for path in served_home.root.rglob("*") if path.is_file()]
    assert not [path for path in files if b"anna@" in path.read_bytes() or b"1234567" in path.read_bytes()]
    name = people_key(served_home).email(ADDRESS)
    assert current_names(served_home).rows() == [(name, "4711")]
    assert http.get("/v1/customers/4711").json()["known"]


def test_where_the_shop_wants_it_addresses_are_kept_and_shown_to_a_secret_key(
    http: httpx.Client, url: str, served_home: Home, redis_url: str, settings: StoreSettings
) -> None:
    begin_keeping(served_home)
    guest = {"type": "view", "product_id": "mug", "properties": {"email": OLD_ADDRESS}}
    assert http.post("/v1/events", json=[identify("4711"), guest]).json()["accepted"] == 2
    with redis.Redis.from_url(redis_url) as client:
        assert not any(b"@example" in (client.dump(key) or b"") for key in client.scan_iter())
        Archiver(client, served_home, settings).run(burst=True)
        assert not client.exists(f"{keys.people()}:emails")
    assert emails_of(served_home) == {
        "4711": ADDRESS,
        people_key(served_home).email(OLD_ADDRESS): OLD_ADDRESS,
    }
    assert http.get("/v1/customers/4711", params={"with": "email"}).json()["email"] == ADDRESS
    assert http.get("/v1/customers/A", params={"with": "email"}).json()["email"] is None
    assert "email" not in http.get("/v1/customers/4711").json()
    asked = httpx.get(f"{url}/v1/customers/4711?with=email", headers=PUBLIC, verify=NO_CERTIFICATES)
    assert asked.status_code == 403


def test_an_order_by_address_alone_is_the_known_customers(http: httpx.Client) -> None:
    http.post("/v1/events", json=identify("4711"))
    order = {"type": "purchase", "order": {"order_id": "o-1", "items": [{"product_id": "spoon"}]}}
    http.post("/v1/events", json=order | {"properties": {"email": "ANNA@example.com"}})
    assert "spoon" in bought(http, "4711")


def test_a_shared_address_is_told_and_nobody_is_merged(http: httpx.Client) -> None:
    http.post("/v1/events", json=identify("4711"))
    answer = http.post("/v1/events", json=identify("4712", anonymous_id="a-10")).json()
    assert answer["accepted"] == 1
    assert answer["warnings"] == [{"index": 0, "reason": answer["warnings"][0]["reason"]}]
    assert "another customer's" in answer["warnings"][0]["reason"]
    assert "tea" not in bought(http, "4712")


def test_a_page_proves_an_address_by_its_token_alone(http: httpx.Client, url: str) -> None:
    claims = {"type": "purchase", "anonymous_id": "a-9", "properties": {"email": ADDRESS}}
    claims["order"] = {"order_id": "o-7", "items": [{"product_id": "mug"}]}
    with httpx.Client(base_url=url, headers=PUBLIC, verify=NO_CERTIFICATES) as page:
        refused = page.post("/v1/events", json=identify("4711")).json()
        assert refused["accepted"] == 0
        page.post("/v1/events", json=claims)
        assert "tea" not in bought(http, "4711")
        signed = identify("4711", customer_token=customer_token("sk_demo", "4711"))
        assert page.post("/v1/events", json=signed).json()["accepted"] == 1
    assert "tea" in bought(http, "4711")


def test_merging(http: httpx.Client, served_home: Home, redis_url: str, settings: StoreSettings) -> None:
    http.post("/v1/events", json={"type": "view", "customer_id": "A", "product_id": "mug"})
    http.post("/v1/events", json={"type": "consent", "customer_id": "A", "properties": {"email": "yes"}})
    merged = http.post("/v1/customers/merge", json={"customer_id": "A", "into": "B"})
    assert merged.json() == {"customer_id": "B", "merged": True}
    again = http.post("/v1/customers/merge", json={"customer_id": "B", "into": "A"})
    assert again.json() == {"customer_id": "B", "merged": False}
    assert profile(http, "B")["consents"] == {"email": True}
    assert profile(http, "A") == profile(http, "B")
    http.post("/v1/events", json={"type": "consent", "customer_id": "A", "properties": {"email": "no"}})
    assert profile(http, "B")["consents"] == {"email": False}
    with redis.Redis.from_url(redis_url) as client:
        Archiver(client, served_home, settings).run(burst=True)
    assert current_names(served_home).rows() == [("A", "B")]


@pytest.mark.parametrize(
    ("customer", "into", "said"), [("A", "undefined", "names nobody"), ("A", "gone", "was erased")]
)
def test_who_cannot_be_merged(http: httpx.Client, customer: str, into: str, said: str) -> None:
    http.delete("/v1/customers/gone")
    answer = http.post("/v1/customers/merge", json={"customer_id": customer, "into": into})
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_merging_needs_a_secret_key(url: str) -> None:
    ask = {"customer_id": "A", "into": "B"}
    answer = httpx.post(f"{url}/v1/customers/merge", json=ask, headers=PUBLIC, verify=NO_CERTIFICATES)
    assert answer.status_code == 403


def test_placeholders_are_nobody_at_every_door(http: httpx.Client) -> None:
    views = [
        {"type": "view", "customer_id": "undefined", "anonymous_id": f"b-{n}", "product_id": "mug"}
        for n in "12"
    ]
    alone = {"type": "view", "customer_id": "null", "product_id": "mug"}
    answer = http.post("/v1/events", json=[*views, alone]).json()
    assert answer["accepted"] == 3
    assert [each["index"] for each in answer["warnings"]] == [0, 1, 2]
    assert "nobody is left" in answer["warnings"][2]["reason"]
    assert "nobody is left" not in answer["warnings"][0]["reason"]
    assert not profile(http, "undefined")["known"]
    asked = {"placement": "home", "anonymous_id": "b-1"}
    own = http.get("/v1/recommendations", params=asked).json()["items"]
    assert (
        http.get("/v1/recommendations", params=asked | {"customer_id": "{{customer.id}}"}).json()["items"]
        == own
    )
    picks = http.get("/v1/picks", params={"customer_id": "guest"}).json()
    assert picks["items"]
    offer = http.post("/v1/offers", json={"customer_id": "0"}).json()
    assert offer["degraded_reasons"] == ["nobody"]


def test_another_process_hears_of_it(
    http: httpx.Client, served_home: Home, redis_url: str, serve: Serve
) -> None:
    http.post("/v1/events", json=identify("4711"))
    add_demo_keys(served_home, None, datetime.now(UTC))
    with (
        serve(served_home, redis_url) as url,
        httpx.Client(base_url=url, headers=SECRET, timeout=10, verify=NO_CERTIFICATES) as other,
    ):
        assert "tea" in bought(other, "4711")
