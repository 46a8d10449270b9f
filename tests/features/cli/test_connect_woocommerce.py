"""`perennial connect woocommerce`. Covers connect_steps.py, too."""

from datetime import UTC, datetime

from typer.testing import CliRunner, Result
from woo_shop import KEY, line, order, woo_server

from features.cli.commands import store
from features.cli.connect_woocommerce import CLICKS
from features.connections.arrivals import note_sync, passed
from features.connections.settings_file import read_connections
from features.connections.woocommerce_history import history_file
from features.home import Home
from perennial import app


def run(home: Home, *words: str, code: int = 0, **env: str) -> Result:
    command = ["connect", "woocommerce", *words, "--home", str(home.root)]
    result = CliRunner().invoke(app, command, env=env)
    assert result.exit_code == code, result.output
    return result


def test_a_secret_is_made_and_stays_and_the_clicks_are_named(home: Home) -> None:
    output = run(
        home, "--site", "https://www.teashop.example/", "--url", "https://recs.teashop.example"
    ).output
    settings = read_connections(home)["woocommerce"]
    assert settings["shop"] == "teashop.example"
    [secret] = settings["secrets"]
    assert len(secret) > 30
    assert secret in output
    assert "https://recs.teashop.example/v1/webhooks/woocommerce" in output
    run(home, "--site", "https://www.teashop.example", PERENNIAL_WOOCOMMERCE_KEY=KEY)
    assert read_connections(home)["woocommerce"]["secrets"] == [secret]
    run(home, "--site", "https://www.teashop.example", PERENNIAL_WOOCOMMERCE_SECRET=f"{secret}, next")
    assert read_connections(home)["woocommerce"] == {**settings, "secrets": [secret, "next"], "key": KEY}
    assert "begins with https://" in run(home, "--site", "teashop", code=2).output


def test_the_check_says_what_came_and_what_did_not(home: Home) -> None:
    assert "is not connected yet" in run(home, "--check", code=1).output
    run(home, "--site", "https://teashop.example")
    assert "not yet  order.created" in run(home, "--check", "--within-s", "0", code=1).output
    with store(home) as client:
        for topic in CLICKS.values():
            note_sync(client, passed("woocommerce", topic, datetime.now(UTC)))
    assert "arrived  order.created: 1" in run(home, "--check").output


def test_history_is_imported_and_its_file_is_forgotten(home: Home) -> None:
    with woo_server([order(n, [line(1, "tea", "20.00")]) for n in (1, 2)]) as server:
        run(home, "--site", server.site)
        assert "in PERENNIAL_WOOCOMMERCE_KEY" in run(home, "--history", code=1).output
        output = " ".join(run(home, "--history", PERENNIAL_WOOCOMMERCE_KEY=KEY).output.split())
    assert "2 · 40.00" in output
    assert not history_file(home).path.exists()
