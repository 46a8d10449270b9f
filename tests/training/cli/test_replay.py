"""`perennial replay` beside a running store."""

import json
from collections.abc import Iterator

import pytest
import redis
from typer.testing import CliRunner

import perennial
from features.history.impressions_parquet import served_table
from features.home import Home
from features.outgoing.impressions import ServedRecord

from bundles import write_small
from factories import NOW

DAY = "2026-11-22"


@pytest.fixture
def shop(home: Home, client: redis.Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A home whose log has one answer."""
    monkeypatch.setenv("REDIS_URL", redis_url)
    write_small(home.models)
    folder = home.served / DAY
    folder.mkdir(parents=True)
    answer = ServedRecord(
        "r-1", NOW, "home", ("tea", "mug"), anonymous_id="a", parameters='{"placement":"home"}'
    )
    served_table([answer]).write_parquet(folder / "one.parquet")
    (home.root / "rules.json").write_text(
        json.dumps([{"kind": "pin", "id": "p", "product_id": "tin", "position": 1}])
    )
    yield home
    client.flushall()


def output(home: Home, *words: str, code: int = 0) -> str:
    result = CliRunner().invoke(perennial.app, ["replay", "--home", str(home.root), *words])
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def test_it_says_what_would_change_and_what_cannot_be_said(shop: Home) -> None:
    rules = str(shop.root / "rules.json")
    said = output(shop, "--rules", rules, "--day", DAY)
    assert "home of a, 22 November 12:00" in said
    assert "after tin," in said
    assert "cannot be said: 100% of the answers would be ones that were never shown" in said
    (placement,) = json.loads(output(shop, "--rules", rules, "--day", DAY, "--json"))["placements"]
    assert (placement["placement"], placement["answers"], placement["changed"]) == ("home", 1, 1.0)


def test_a_day_without_answers_says_so(shop: Home) -> None:
    said = output(shop, "--weight", "home.discover=1", "--day", "2026-11-20")
    assert said == "No answers are logged in that time: --day names another."


def test_wrong_words_say_what_to_write(shop: Home) -> None:
    assert "--weight MIX.SOURCE=W" in output(shop, code=2)
    assert "has no source `nobody`; it has" in output(shop, "--weight", "home.nobody=1", code=1)
