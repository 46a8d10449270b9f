"""Compaction: the same rows in fewer files, whatever happens meanwhile."""

import random
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from features.history import events_parquet as history
from features.history.compaction import compact
from features.history.table_files import table_files
from features.home import Home

from scale import KILLS

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
COMPACTS = """
import sys
from datetime import datetime
from pathlib import Path
from features.history.compaction import compact
from features.home import Home
home = Home(Path(sys.argv[1]))
import polars

from scale import KILLS
print(flush=True)
compact(home, home.events, datetime.fromisoformat(sys.argv[2]))
"""


def write(home: Home, at: datetime, name: str, kind: str = "view") -> None:
    row = {"event_id": name, "line": 0, "type": kind, "timestamp": at, "received_at": at, "product_id": "a"}
    columns = {column: [row.get(column)] for column in history.schema()}
    history.write_rows(home, pl.DataFrame(columns, schema=history.schema()), at, name)


def many_small_files(home: Home, days: int = 45, a_day: int = 4) -> None:
    for day in range(days):
        for number in range(a_day):
            write(home, NOW - timedelta(days=day, minutes=number), f"e-{day:03}-{number}")


def rows(home: Home) -> pl.DataFrame:
    return history.scan(home).collect()


def files(home: Home) -> int:
    return len(table_files(home.events))


def test_the_rows_stay_and_the_files_go(home: Home) -> None:
    many_small_files(home)
    before = rows(home)
    assert compact(home, home.events, NOW) > 0
    assert files(home) == 22 + 4 - 1 + 1  # November a file a day, today's four; October one
    assert rows(home).equals(before)
    assert compact(home, home.events, NOW) == 0
    assert len(list(home.events.glob("*/*.parquet"))) > 100  # a reader may hold their names


def test_replaced_files_are_removed_when_no_reader_can_hold_them(home: Home) -> None:
    many_small_files(home)
    before = rows(home)
    compact(home, home.events, NOW)
    for days in (1.5, 2.5):
        later = datetime.now(UTC) + timedelta(days=days)
        compact(home, home.events, later)
        assert rows(home).sort("event_id").equals(before.sort("event_id"))
    assert len(list(home.events.glob("*/*.parquet"))) == files(home)


def test_a_reader_that_began_before_reads_to_its_end(home: Home) -> None:
    many_small_files(home)
    before, begun = rows(home), history.scan(home)
    compact(home, home.events, NOW)
    assert begun.collect().equals(before)


def test_a_damaged_list_of_sources_counts_nothing_twice(home: Home) -> None:
    many_small_files(home, days=3)
    before = rows(home).sort("event_id")
    compact(home, home.events, NOW)
    for path in home.events.glob("*/*.sources"):
        path.write_bytes(b"[")
    assert rows(home).sort("event_id").equals(before)


def test_what_comes_late_is_compacted_again(home: Home) -> None:
    many_small_files(home)
    compact(home, home.events, NOW)
    write(home, NOW - timedelta(days=40), "late")
    before = rows(home).sort("event_id")
    assert compact(home, home.events, NOW) == 2
    assert rows(home).sort("event_id").equals(before)
    compact(home, home.events, datetime.now(UTC) + timedelta(days=1.5))  # the older of two lists goes first
    assert rows(home).sort("event_id").equals(before)


def test_old_browsing_goes_and_orders_stay(home: Home) -> None:
    for kind in ("view", "purchase", "search", "refund"):
        write(home, NOW - timedelta(days=500), f"old-{kind}", kind)
        write(home, NOW - timedelta(days=100), f"new-{kind}", kind)
    compact(home, home.events, NOW, browsing_days=400)
    kept = set(rows(home)["event_id"])
    assert kept == {
        "old-purchase",
        "old-refund",
        *(f"new-{kind}" for kind in ("view", "purchase", "search", "refund")),
    }
    assert compact(home, home.events, NOW, browsing_days=400) == 0


def test_killed_at_any_moment_it_loses_and_doubles_nothing(home: Home) -> None:
    many_small_files(home, days=90, a_day=2)
    before = rows(home)
    rng = random.Random(7)
    for _ in range(KILLS):
        child = subprocess.Popen(
            [sys.executable, "-c", COMPACTS, str(home.root), NOW.isoformat()],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        assert child.stdout
        child.stdout.readline()
        time.sleep(rng.uniform(0, 0.15))
        child.kill()
        child.communicate()
        assert rows(home).equals(before)
    compact(home, home.events, NOW)
    assert rows(home).equals(before)
