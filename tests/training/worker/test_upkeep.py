"""One round of upkeep: fewer files, old ones gone, and nothing that is needed."""

from datetime import timedelta

import polars as pl

from features.home import Home
from features.store.settings import StoreSettings
from training.settings import TrainingSettings
from training.worker.upkeep import upkeep

from bundles import NOW, VERSION, write_small


def record(home: Home, age: timedelta, name: str) -> None:
    folder = home.served / f"{NOW - age:%Y-%m-%d}"
    folder.mkdir(exist_ok=True)
    pl.DataFrame({"recommendation_id": [name]}).write_parquet(folder / f"{name}.parquet")


def test_a_round_keeps_what_is_young_and_named(home: Home, settings: StoreSettings) -> None:
    for day in (1, 2, 3):
        write_small(home.models, f"2026-10-0{day}T10-00-00Z")
    write_small(home.models)
    for age in (1, 2, 399, 900):
        for number in (1, 2):
            record(home, timedelta(days=age), f"{age}-{number}")
    upkeep(home, settings, TrainingSettings(kept_models=1), NOW)
    assert {path.name for path in home.models.iterdir() if path.is_dir()} == {VERSION, "2026-10-03T10-00-00Z"}
    from features.history.table_files import table_files

    kept = pl.scan_parquet(table_files(home.served)).collect()["recommendation_id"].to_list()
    assert sorted(kept) == ["1-1", "1-2", "2-1", "2-2", "399-1", "399-2"]
    assert len(table_files(home.served)) == 3


def test_a_damaged_file_does_not_end_it(home: Home, settings: StoreSettings) -> None:
    write_small(home.models)
    for number in (1, 2, 3):
        record(home, timedelta(days=1), f"r-{number}")
    damaged = next(home.served.glob("*/r-2.parquet"))
    damaged.write_bytes(b"PAR1 no more")
    upkeep(home, settings, TrainingSettings(), NOW)
    assert not damaged.exists()
    assert len([*home.poison.glob("*/*/r-2.parquet")]) == 1
