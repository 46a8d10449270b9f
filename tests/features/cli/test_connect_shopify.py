"""`perennial connect shopify`: what is saved and said, what arrived and did not, orders of before."""

from datetime import UTC, datetime

from shopify_api_server import TOKEN, node, shopify_server
from shopify_shop import SHOP, line, order
from typer.testing import CliRunner, Result

from features.cli.commands import store
from features.cli.connect_shopify import CLICKS
from features.connections.arrivals import failed, note_sync, passed
from features.connections.settings_file import read_connections, save_connection
from features.connections.shopify_history import history_file
from features.history.events_parquet import scan
from features.home import Home
from perennial import app

SECRETS = "one, two"


def run(home: Home, *words: str, code: int = 0, answers: str = "", **env: str) -> Result:
    command = ["connect", "shopify", *words, "--home", str(home.root)]
    result = CliRunner().invoke(app, command, input=answers, env={"COLUMNS": "200", **env})
    assert result.exit_code == code, result.output
    return result


def test_it_asks_for_domain_and_secret_and_says_what_to_click_and_paste(home: Home) -> None:
    words = ("--url", "https://svc.example/", "--key", "pk_one")
    output = run(home, *words, answers="https://TeaShop.myshopify.com/\nshpss_one\n").output
    kept = {"shop": SHOP, "secrets": ["shpss_one"], "token": "", "erase_on_redact": False}
    assert read_connections(home)["shopify"] == kept
    assert "https://svc.example/v1/webhooks/shopify" in output
    assert 'const KEY = "pk_one";' in output
    assert 'const ENDPOINT = "https://svc.example";' in output
    assert "shpss_one" not in output


def test_a_second_secret_joins_and_what_is_no_shop_is_refused(home: Home) -> None:
    run(home, "--shop", SHOP, PERENNIAL_SHOPIFY_SECRET=SECRETS)
    assert read_connections(home)["shopify"]["secrets"] == ["one", "two"]
    assert (
        "ends in .myshopify.com"
        in run(home, "--shop", "teashop.example", code=2, PERENNIAL_SHOPIFY_SECRET=SECRETS).output
    )


def test_the_check_says_what_came_what_did_not_and_what_is_wrong(home: Home) -> None:
    assert "is not connected yet" in run(home, "--check", code=1).output
    run(home, "--shop", SHOP, PERENNIAL_SHOPIFY_SECRET=SECRETS)
    now = datetime.now(UTC)
    with store(home) as client:
        note_sync(client, passed("shopify", "orders/create (test)", now))
        output = run(home, "--check", "--within-s", "0").output
        assert "arrived  orders/create (test): 1" in output
        assert "not yet  refunds/create (Refund create)" in output
        assert "not yet  orders/create" not in output
        note_sync(client, tuple(each for topic in CLICKS.values() for each in passed("shopify", topic, now)))
        assert "not yet" not in run(home, "--check").output
        note_sync(client, failed("shopify", "401", datetime.now(UTC)))
        assert "wrong    401" in run(home, "--check", code=1).output


def test_history_is_imported_and_its_file_is_forgotten(home: Home) -> None:
    orders = [node(order(1001, [line(1, "tea", "10.00")])), node(order(1002, [line(1, "mug", "5.00")]))]
    assert "is not connected yet" in run(home, "--history", code=1).output
    with shopify_server(orders) as server:
        save_connection(home, "shopify", {"shop": SHOP, "secrets": ["one"], "api": server.address})
        assert "needs a token" in run(home, "--history", code=1).output
        run(home, "--history", PERENNIAL_SHOPIFY_TOKEN=TOKEN)
    assert sorted(scan(home).collect()["order_id"]) == ["1001", "1002"]
    assert not history_file(home).path.exists()
