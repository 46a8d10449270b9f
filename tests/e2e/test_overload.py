"""Three times as many requests as can be answered: answers and polite refusals, nothing else.

Covers api/process/accepting.py, loadtests/traffic/arrivals.py and loadtests/bench/hostile.py, which measures
how fast the accepted ones are, on a machine that does nothing else.
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from features.home import Home
from loadtests.bench.hostile import MEASURED_S, RECOVERY_S, overload
from loadtests.bench.processes import api_workers

from bundles import write_small
from scale import FULL
from serving import running

SECONDS = float(os.environ.get("PERENNIAL_TEST_OVERLOAD_S", "4"))  # 120 at full scale
QUESTION = b"GET /v1/recommendations?placement=home HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize("keep_alive", [True, False], ids=["keep-alive", "a connection each"])
def test_overload_is_refused_politely(
    keep_alive: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PERENNIAL_QUEUE_TARGET_MS", "PERENNIAL_STALE_MS"):
        monkeypatch.delenv(name)
    write_small(Home(tmp_path / "home").models)
    with running("serve", "--home", str(tmp_path / "home")) as (process, url):
        address, (worker,) = urlsplit(url), api_workers(process.pid)
        found = overload(
            (str(address.hostname), int(address.port or 0)),
            worker,
            SECONDS,
            keep_alive=keep_alive,
            question=QUESTION,
            measured_s=MEASURED_S if FULL else 1.0,
            recovery_s=RECOVERY_S if FULL else 3.0,
        )
        assert found.during.other == {}
        assert found.during.impolite == 0
        assert found.during.answers[200] > 0
        assert found.during.answers[503] > 0
        assert found.memory < 1.2
        assert found.after.other == {}
        assert found.after.answers[200] > (found.after.answers[503] if FULL else 0)  # a busy machine is slow
