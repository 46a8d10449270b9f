"""Measuring everything anew, on a data set of one section alone."""

import json
from pathlib import Path

import polars as pl

from features.progress import silent
from training.evaluate.page.rerun import measure_all


def test_each_section_with_data_gets_a_result_and_the_others_none(tmp_path: Path) -> None:
    rows = [
        (visit, (visit + step) % 5, 1e6 + 100 * visit + step, "test" if visit >= 35 else "train")
        for visit in range(40)
        for step in range(3)
    ]
    folder = tmp_path / "data" / "serenade_example"
    folder.mkdir(parents=True)
    table = pl.DataFrame(rows, schema=["SessionId", "ItemId", "Time", "split"], orient="row")
    table.write_parquet(folder / "sessions.parquet")
    measure_all(tmp_path / "data", tmp_path / "results", "_", silent)
    (file,) = (tmp_path / "results").iterdir()
    assert file.name == "session-serenade_example.json"
    found = json.loads(file.read_text("utf-8"))
    assert (found["task"], found["dataset"], found["cases"]) == ("session", "serenade_example", 10)
    assert found["metrics"]["perennial"]["hr@20"]["value"] == 1.0
