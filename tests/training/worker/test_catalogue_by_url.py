"""The worker asks for a catalogue in time."""

import threading

import pytest
import redis

from features.connections.settings_file import save_connection
from features.home import Home
from features.importers.catalogue_by_url import SERVICE
from training.worker import catalogue_by_url
from training.worker.catalogue_by_url import keep_catalogue

from waiting import eventually


def test_a_connected_catalogue_is_asked_for(
    home: Home, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    from features.connections.arrivals import read_state

    monkeypatch.setattr(catalogue_by_url, "CHECK_S", 0.05)
    save_connection(home, SERVICE, {"url": "http://127.0.0.1:9/feed.tsv"})
    stop = threading.Event()
    thread = threading.Thread(target=keep_catalogue, args=(client, home, stop))
    thread.start()
    try:
        eventually(lambda: read_state(client, SERVICE).trouble is not None, within_s=20)
    finally:
        stop.set()
        thread.join()
    assert "only ports 80 and 443" in str(read_state(client, SERVICE).trouble)
