"""What is old enough goes, and nothing else."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from features.history.retention import remove_old_records, remove_partial_files
from features.home import Home

from bundles import NOW

OLD, YOUNG = NOW - timedelta(days=801), NOW - timedelta(days=799)


def written(path: Path, days_ago: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    changed = (NOW - timedelta(days=days_ago)).timestamp()
    os.utime(path, (changed, changed))
    return path


@pytest.mark.parametrize("folder", ["served", "decisions"])
def test_records_go_by_the_day_of_their_folder(home: Home, folder: str) -> None:
    old = written(home.root / folder / f"{OLD:%Y-%m-%d}" / "a.parquet", 0)
    young = written(home.root / folder / f"{YOUNG:%Y-%m-%d}" / "a.parquet", 900)
    assert remove_old_records(home, NOW, days=800) == 1
    assert (old.parent.exists(), young.exists()) == (False, True)


@pytest.mark.parametrize(
    "name", ["reports/rejects-orders.csv", "poison/late.jsonl", "poison/events/2020-01-01/a.parquet"]
)
def test_what_was_rejected_or_set_aside_goes_by_its_age(home: Home, name: str) -> None:
    path = written(home.root / name, 799)
    assert remove_old_records(home, NOW, days=800) == 0
    written(path, 801)
    assert remove_old_records(home, NOW, days=800) == 1
    assert not path.exists()


def test_orders_and_reports_stay(home: Home) -> None:
    kept = [
        written(home.events / "2019-01-01" / "a.parquet", 3_000),
        written(home.reports / "shop.html", 3_000),
    ]
    assert remove_old_records(home, NOW, days=30) == 0
    assert all(path.exists() for path in kept)


def test_half_written_files_go_after_a_day(home: Home) -> None:
    written(home.events / "2026-01-01" / ".a.partial", 0.9)
    assert remove_partial_files(home, NOW) == 0
    written(home.events / "2026-01-01" / ".a.partial", 1.1)
    assert remove_partial_files(home, NOW) == 1
