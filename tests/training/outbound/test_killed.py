"""A process that is killed while it sends, and the next one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from features.connections.settings_file import save_connection
from features.home import Home

from mail_tools import ADDRESSES, Call, KlaviyoTool, running
from outbound_shop import OutboundShop

ROOT = Path(__file__).parents[3]
MESSAGES = 12


@pytest.mark.parametrize("path", ["/api/events", "/api/profile-bulk-import-jobs"])
def test_the_next_process_sends_the_rest(home: Home, client: redis.Redis, redis_url: str, path: str) -> None:
    tool = KlaviyoTool()
    tool.people = {f"K-{name}": {"email": address} for name, address in ADDRESSES.items()}
    with running(tool):
        options = {"key": tool.key, "api": tool.address}
        shop = OutboundShop(home, client, "klaviyo", options)
        shop.listens()
        for order in range(MESSAGES):
            shop.ships("ann", order)
        save_connection(home, "klaviyo", options)
        command = [sys.executable, "-m", "perennial", "send", "--home", str(home.root)]
        killed = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "REDIS_URL": redis_url})

        def kill(call: Call) -> None:
            if call.path == path and len(tool.of("POST", path)) == (MESSAGES // 2 if "events" in path else 1):
                tool.take(call)  # it arrives, and nobody hears of it
                killed.send_signal(signal.SIGKILL)
                killed.wait()

        tool.before = kill
        killed.wait(timeout=60)
        assert killed.returncode == -signal.SIGKILL
        tool.before = lambda _: None
        shop.round()
    told = [event["unique_id"] for _, event in tool.events]
    assert len(told) == len(set(told)) == MESSAGES
    assert len(tool.of("POST", "/api/events")) <= MESSAGES + 1
    assert list(tool.fields) == ["K-ann"]
