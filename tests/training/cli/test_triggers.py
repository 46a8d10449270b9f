"""`perennial triggers`, offline and beside a running store."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from typer.testing import CliRunner

import perennial
from features.history.archiver import Archiver
from features.home import Home
from features.live.ingest import ingest_sync
from features.live.shopper_state import milliseconds
from features.store import keys
from features.store.settings import StoreSettings
from training.worker.trigger_rounds import Lifecycle

from bundles import write_small
from factories import NOW, event

HOUR = timedelta(hours=1)
SETTINGS = {"settings": {"consent": "opt_out", "quiet": {"from": "00:00", "until": "00:00"}}}


@pytest.fixture
def shop(home: Home, client: redis.Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with a model and a cart that was left, over the tests' own Redis."""
    monkeypatch.setenv("REDIS_URL", redis_url)
    write_small(home.models)
    client.lpush(keys.trigger_settings(), json.dumps(SETTINGS))
    added = event("add_to_cart", customer_id="zoe", product_id="pot")
    ingest_sync(client, [added], NOW, StoreSettings(redis_url=None))
    return home


def output(home: Home, *words: str) -> str:
    result = CliRunner().invoke(perennial.app, ["triggers", "--home", str(home.root), *words])
    assert result.exit_code == 0, result.output
    return result.stdout


def lines(home: Home, *words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output(home, "--json", *words).splitlines()]


def test_a_dry_run_says_what_was_due_then_and_writes_nothing(
    shop: Home, client: redis.Redis, settings: StoreSettings
) -> None:
    Archiver(client, shop, settings).run(burst=True)
    names = sorted(client.scan_iter())
    assert lines(shop, "--dry-run", "--as-of", "2026-11-22T12:59:00", "--kind", "abandoned_cart") == []
    (cart,) = lines(shop, "--dry-run", "--as-of", "2026-11-22T13:01:00", "--kind", "abandoned_cart")
    assert (cart["customer_id"], cart["products"], cart["step"]) == ("zoe", ["pot"], 1)
    (later,) = lines(shop, "--dry-run", "--as-of", "2026-11-23T13:01:00", "--kind", "abandoned_cart")
    assert later["step"] == 2
    assert sorted(client.scan_iter()) == names


def test_what_waits_is_shown_and_stays_unread(
    shop: Home, client: redis.Redis, settings: StoreSettings
) -> None:
    assert "Nothing is due." in output(shop)
    now = datetime.now(UTC)
    left = event("add_to_cart", at=now - 2 * HOUR, customer_id="yan", product_id="pot")
    ingest_sync(client, [left], now, settings)
    Lifecycle(client, shop).round(milliseconds(now))
    carts = {line["customer_id"]: line for line in lines(shop, "--kind", "abandoned_cart")}
    assert carts["yan"]["products"] == ["pot"]
    assert "yan" in output(shop, "--kind", "abandoned_cart")
    assert client.exists(keys.contacts("yan")) == 0


@pytest.mark.parametrize(
    ("words", "complaint"),
    [(["--kind", "spam"], "spam"), (["--as-of", "2026-11-22T12:00:00"], "--dry-run")],
)
def test_what_makes_no_sense_is_refused(shop: Home, words: list[str], complaint: str) -> None:
    result = CliRunner().invoke(perennial.app, ["triggers", "--home", str(shop.root), *words])
    assert result.exit_code == 2
    assert complaint in result.output
