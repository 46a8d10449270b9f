"""An export holds every trace of a person, and nobody else's.

Covers features/privacy/live_export.py and training/cli/privacy.py, too.
"""

import json
from pathlib import Path

import redis

from features.home import Home
from features.store.settings import StoreSettings
from training.privacy.erase import erase
from training.privacy.export import export_person

from bundles import NOW
from person import BOB, BOBS_BROWSER, BOBS_ORDER, EVE, TRACES, live_a_life
from serving import perennial


def test_an_export_is_complete(home: Home, client: redis.Redis, settings: StoreSettings) -> None:
    live_a_life(home, client, settings)
    held = export_person(home, client, settings, EVE, NOW)
    text = json.dumps(held, default=str)
    assert [name for name in TRACES if name not in text] == []
    assert [name for name in (f'"{BOB}"', BOBS_BROWSER, BOBS_ORDER) if name in text] == []
    live = held["live"]["customers"][EVE]
    assert live["consents"] == {"email": True}
    assert live["facts"]["birthday"]["value"] == "1990-05-17"
    assert [len(live[name]) for name in ("emails", "messages", "messages_waiting", "watched_products")] == [
        1
    ] * 4
    assert live["offers"]
    assert len(held["decisions"]) == 2
    assert len(held["recommendations"]) == 4
    assert {row["type"] for row in held["orders"]} == {"purchase", "refund"}
    assert "Orders: 2, of 2 lines." in " ".join(held["summary"])
    erase(home, client, settings, EVE)
    after = json.dumps(export_person(home, client, settings, EVE, NOW), default=str)
    assert [name for name in TRACES if name in after] == [EVE]  # as it was asked


def test_the_commands(home: Home, tmp_path: Path) -> None:
    home.root.mkdir()
    file = tmp_path / "eve.json"
    asked = perennial("export", EVE, "--home", str(home.root), "--output", str(file))
    said, _ = asked.communicate(timeout=120)
    assert asked.returncode == 0, said
    assert json.loads(file.read_text())["customer_id"] == EVE
    assert file.stat().st_mode & 0o777 == 0o600
    asked = perennial("erase", EVE, "--home", str(home.root), "--yes", "--json")
    said, _ = asked.communicate(timeout=120)
    assert asked.returncode == 0, said
    assert json.loads(said)["customers"] == 1
