"""Served recommendations as rows: nothing is lost on the way through JSON."""

from datetime import timedelta, timezone

import polars as pl

from features.history.impressions_parquet import SERVED_SCHEMA, served_table
from features.outgoing.impressions import ExperimentAssignment, ServedRecord

from factories import NOW

UNDER_B = "x-1", "e1", "b", 0.5, True, 0.05


def test_a_row_has_the_values_of_its_record() -> None:
    treated = ExperimentAssignment(*UNDER_B)
    record = ServedRecord(
        "r-1", NOW, "home", ("a", 'é"\n'), ("als", "new"), "ann", "browser", "visit", "v1", treated, "{}"
    )
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-5)))
    table = served_table([record, ServedRecord("r-2", elsewhere, "offers", ())])
    assert table.schema == pl.Schema(SERVED_SCHEMA)
    assert table.rows() == [
        (
            "r-1",
            NOW,
            "home",
            ["a", 'é"\n'],
            ["als", "new"],
            "ann",
            "browser",
            "visit",
            "v1",
            *UNDER_B,
            "{}",
            False,
        ),
        (
            "r-2",
            NOW,
            "offers",
            [],
            [],
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            False,
            0.0,
            None,
            False,
        ),
    ]


def test_no_records_are_no_rows() -> None:
    assert served_table([]).schema == pl.Schema(SERVED_SCHEMA)
