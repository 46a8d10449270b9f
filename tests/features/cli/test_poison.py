"""`perennial poison`: what was set aside is shown, and tried again."""

import json

from typer.testing import CliRunner

from features.cli.poison import poison
from features.history import events_parquet as history
from features.history.poison import Poison, set_aside
from features.home import Home

from factories import NOW


def said(home: Home, word: str) -> str:
    result = CliRunner().invoke(poison, [word, "--home", str(home.root)], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


def test_what_was_set_aside_is_listed_and_replayed(home: Home) -> None:
    good = json.dumps({"type": "search", "event_id": "e", "timestamp": NOW.isoformat(), "query": "tea"})
    received = str(int(NOW.timestamp() * 1000))
    entries = [
        Poison("1-0", "an older version could not read it", {"e": good, "r": received}),
        Poison("2-0", "no type", {"e": "{}", "r": received}),
    ]
    set_aside(home, entries, "1-0-2-0")
    assert "an older version could not read it" in said(home, "list")
    assert "2 tried again: 1 are in the history now, 1 are set aside." in said(home, "replay")
    assert history.scan(home).collect()["event_id"].to_list() == ["e"]
    assert "an older version" not in said(home, "list")


def test_a_correction_that_is_no_json_is_said(home: Home) -> None:
    (home.poison / "1-0.jsonl").write_text('{"id": "1-0", "reason"')
    result = CliRunner().invoke(poison, ["replay", "--home", str(home.root)])
    assert result.exit_code == 1
    assert (home.poison / "1-0.jsonl").exists()
