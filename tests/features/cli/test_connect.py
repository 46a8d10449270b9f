"""`perennial connect`: what is connected, what passed last, what is wrong."""

import json
from datetime import UTC, datetime

from typer.testing import CliRunner, Result

from features.cli.commands import store
from features.connections.arrivals import failed, note_sync, passed
from features.connections.settings_file import read_connections, save_connection
from features.home import Home
from perennial import app


def run(home: Home, *words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["connect", *words, "--home", str(home.root)], env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    return result


def test_a_new_shop_is_told_what_to_do(home: Home) -> None:
    assert "Nothing is connected yet" in run(home).output


def test_what_others_sent_is_shown_as_it_is_but_for_commands_to_a_terminal(home: Home) -> None:
    save_connection(home, "shopify", {"secrets": ["s"], "shop": "s.myshopify.com"})
    with store(home) as client:
        note_sync(client, failed("shopify", "[/x] \x1b[31m \x9b2J: no signature", datetime.now(UTC)))
    assert "[/x] ?[31m ?2J: no signature" in run(home).output


def test_each_service_has_a_row_and_can_be_forgotten(home: Home) -> None:
    save_connection(home, "klaviyo", {"key": "k"})
    save_connection(home, "shopify", {"secrets": ["s"], "shop": "s.myshopify.com"})
    now = datetime.now(UTC)
    with store(home) as client:
        note_sync(client, passed("shopify", "orders/create", now, 12))
        note_sync(client, failed("klaviyo", "401: the key is not valid", now))
    output = run(home).output
    assert "orders/create 12" in output
    assert "401: the key is" in output
    told = json.loads(run(home, "--json").output)
    assert told["shopify"]["well"]
    assert not told["klaviyo"]["well"]
    assert "klaviyo is forgotten" in run(home, "remove", "klaviyo").output
    assert list(read_connections(home)) == ["shopify"]
    assert "connected: shopify" in run(home, "remove", "klaviyo", code=2).output
