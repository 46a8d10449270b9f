"""Workers that are killed at any moment: every message goes out, and none twice."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import redis

from features.home import Home
from features.live.ingest import ingest_sync
from features.live.shopper_state import milliseconds
from features.store import keys
from features.store.settings import StoreSettings
from training.worker.trigger_rounds import Lifecycle

from bundles import write_small
from factories import NOW, event
from waiting import eventually

CUSTOMERS = 3_000
KILLED_AT = (100, 700, 1_300, 1_900)  # messages; the next batch is under way
SETTINGS = {
    "consent": "opt_out",
    "quiet": {"from": "00:00", "until": "00:00"},
    "reorder": {"enabled": False},
}
WORKER = """
import sys, redis
from pathlib import Path
from features.home import Home
from training.worker.trigger_rounds import Lifecycle
worker = Lifecycle(redis.Redis.from_url(sys.argv[1]), Home(Path(sys.argv[2])))
worker.round(int(sys.argv[3]))
"""


def work_until_killed(url: str, home: Home, now_ms: int, client: redis.Redis, messages: int) -> None:
    """A worker begins a round and is killed once more messages than these wait."""
    words = [sys.executable, "-c", WORKER, url, str(home.root), str(now_ms)]
    process = subprocess.Popen(words, cwd=Path(__file__).parents[3])
    eventually(lambda: client.xlen(keys.triggers()) > messages, within_s=60)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def test_killed_workers_lose_and_repeat_nothing(
    home: Home, client: redis.Redis, redis_url: str, settings: StoreSettings
) -> None:
    write_small(home.models)
    client.lpush(keys.trigger_settings(), json.dumps({"settings": SETTINGS}))
    left = [event("add_to_cart", customer_id=f"c-{number}", product_id="pot") for number in range(CUSTOMERS)]
    ingest_sync(client, left, NOW, settings)
    now, counts = NOW + timedelta(minutes=61), []
    for number in KILLED_AT:
        work_until_killed(redis_url, home, milliseconds(now), client, number)
        counts.append(client.xlen(keys.triggers()))
        now += timedelta(minutes=2)
    Lifecycle(client, home).round(milliseconds(now))
    entries: Any = client.xrange(keys.triggers())
    triggers = Counter(fields[b"c"] for _, fields in entries)
    assert counts[0] < CUSTOMERS, "the first one was not killed at work"
    assert len(triggers) == CUSTOMERS
    assert set(triggers.values()) == {1}
