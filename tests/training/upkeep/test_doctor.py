"""Each thing that can be wrong is found, and comes with one remedy.

Covers training/cli/doctor.py, too.
"""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
import redis

from features.catalogue.products import merge_products, schema
from features.connections.settings_file import save_connection
from features.history.archiver import Archiver
from features.history.poison import Poison, set_aside
from features.home import Home
from features.live.ingest import ingest_sync
from features.merchant.api_keys import add_demo_keys, create_key
from features.store import keys
from features.store.redis_server import RedisServer
from features.store.settings import StoreSettings
from recommender.model import versions
from recommender.model.bundle_files import write_bundle
from training.upkeep.doctor import Patient, as_json, examine

from bundles import small_index, small_manifest, small_tables
from factories import event

NOW = datetime.now(UTC)
SHOP = ("https://shop.example",)


@pytest.fixture
def patient(settings: StoreSettings, own_redis: RedisServer, tmp_path: Path) -> Patient:
    """A home that is well."""
    home = Home(Path(own_redis.url.removeprefix("unix://")).parents[1])
    home.root.chmod(0o700)
    client = redis.Redis.from_url(own_redis.url)
    for scope in ("public", "secret"):
        create_key(home, client, scope, "", NOW)
    version, tables = f"{NOW:%Y-%m-%dT%H-%M-%SZ}", small_tables()
    manifest = msgspec.structs.replace(small_manifest(version), created_at=NOW.isoformat())
    seal = write_bundle(home.models / version, manifest, tables, small_index(tables))
    versions.seal(home.models, version, seal)
    versions.publish(home.models, version)
    return Patient(home, client, settings, SHOP, time.time())


def remedies(patient: Patient) -> dict[str, str]:
    return {finding.check: finding.remedy for finding in examine(patient) if finding.remedy}


def test_a_home_that_is_well(patient: Patient) -> None:
    assert remedies(patient) == {}
    told: dict[str, Any] = msgspec.json.decode(as_json(examine(patient)))
    assert told["well"] is True
    assert {"disk", "log", "keys", "clock", "model", "kept"} <= {each["check"] for each in told["findings"]}


def test_what_is_wrong_has_a_remedy(patient: Patient) -> None:
    later = patient._replace(now=patient.now + 5 * 86_400, origins=())
    (patient.home.root / "keys.json").unlink()
    add_demo_keys(patient.home, None, NOW)
    patient.home.root.chmod(0o755)
    patient.client.xadd(keys.event_stream(), {"e": "{}"})
    patient.client.hset(keys.erasures(), "somebody", str(int(patient.now * 1000)))
    patient.client.config_set("maxmemory", "100mb")
    patient.client.config_set("maxmemory-policy", "allkeys-lru")
    found = remedies(later)
    assert set(found) == {"home", "eviction", "demo keys", "origins", "clock", "model", "archive", "erasures"}
    assert "somebody" not in str(found)


def test_products_that_the_catalogue_does_not_know(patient: Patient) -> None:
    row = {"product_id": "p-1", "title": "Tea", "first_seen": NOW}
    merge_products(
        patient.home, pl.DataFrame([row], schema_overrides={"first_seen": schema()["first_seen"]}), NOW
    )
    ingest_sync(patient.client, [event(at=NOW), event(at=NOW, product_id="other")], NOW, patient.settings)
    Archiver(patient.client, patient.home, patient.settings).run(burst=True)
    assert remedies(patient).keys() == {"live ids"}


def test_no_model_and_a_damaged_one(patient: Patient) -> None:
    version = next(patient.home.models.glob("*.sha256")).name.removesuffix(".sha256")
    (patient.home.models / version / "products.hashes.npy").write_bytes(b"?")
    assert "rollback" in remedies(patient)["model"]
    (patient.home.models / "current").unlink()
    assert "perennial train" in remedies(patient)["model"]


def test_what_was_set_aside_and_a_damaged_list_of_erased_people(patient: Patient) -> None:
    set_aside(patient.home, [Poison.of("events", b"1-1", {b"e": b"\xff"}, ValueError("not UTF-8"))], "late")
    (patient.home.root / "erased.json").write_bytes(b"\0")
    assert remedies(patient).keys() == {"set aside", "erased people"}


def test_secrets_that_others_can_read_and_a_connection_that_lacks_one(patient: Patient) -> None:
    save_connection(patient.home, "klaviyo", {"key": "k"})
    assert remedies(patient) == {}
    save_connection(patient.home, "webhook", {"url": "https://shop.example"})
    path = patient.home.root / "connections.json"
    path.chmod(0o644)
    found = remedies(patient)
    assert found["secrets"].startswith(f"chmod 600 {path}")
    assert "has no `secret` of webhook: `perennial connect webhook --url` mends it" in found["connections"]
    assert "secrets" not in remedies(patient)
    path.write_text("{")
    assert "is damaged" in remedies(patient)["connections"]
