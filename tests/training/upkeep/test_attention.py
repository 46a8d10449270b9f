"""What the worker sees: what doctor finds, and services that went wrong."""

import time
from datetime import UTC, datetime

import redis

from features.connections.arrivals import failed, note_sync, passed
from features.connections.settings_file import save_connection
from features.home import Home
from features.insights.attention import read_attention, write_attention
from features.store.settings import StoreSettings
from training.upkeep.attention import look
from training.upkeep.doctor import Patient

NOW = datetime.now(UTC)


def test_findings_and_services_in_trouble(home: Home, redis_url: str, settings: StoreSettings) -> None:
    client = redis.Redis.from_url(redis_url)
    for service in ("catalogue", "shopify"):
        save_connection(home, service, {"secrets": ["s"]})
        note_sync(client, failed(service, "it answered 404", NOW))
    note_sync(client, passed("shopify", "orders", datetime.fromtimestamp(time.time() + 1, UTC)))
    write_attention(home, look(Patient(home, client, settings, (), time.time())))
    report = read_attention(home)
    assert report is not None
    by_code = {each.code: each for each in report.items}
    assert (by_code["connection"].about, by_code["connection"].saw) == ("catalogue", "it answered 404")
    assert by_code["model"].remedy == "perennial import orders FILE, then perennial train"
    assert "origins" not in by_code
    (home.root / "connections.json").write_text("?")
    assert "connections" in {
        each.code for each in look(Patient(home, client, settings, (), time.time())).items
    }
