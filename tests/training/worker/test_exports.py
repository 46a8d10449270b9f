"""Who asks for what is held about them gets a file, written by the worker."""

import json
import threading

import redis
from histories import archive, order
from typer.testing import CliRunner

from features.home import Home
from features.store import keys
from features.store.settings import StoreSettings
from perennial import app
from training.worker.exports import run_exports

from waiting import eventually


def test_what_was_asked_for_is_written_once(home: Home, client: redis.Redis, settings: StoreSettings) -> None:
    archive(home, [order("tea", customer="ida", order_id="o-1")])
    client.hset(keys.exports_due(), "ida", 1)
    stop = threading.Event()
    thread = threading.Thread(target=run_exports, args=(client, home, settings, stop))
    thread.start()
    try:
        eventually(lambda: not client.hlen(keys.exports_due()), within_s=20)
    finally:
        stop.set()
        thread.join()
    (path,) = (home.root / "exports").iterdir()
    held = json.loads(path.read_bytes())
    assert (held["customer_id"], [each["order_id"] for each in held["orders"]]) == ("ida", ["o-1"])
    client.hset(keys.connection("shopify"), "trouble", "a later one hides nothing")
    told = CliRunner().invoke(app, ["connect", "--home", str(home.root)])
    assert str(path) in "".join(told.output.splitlines())
