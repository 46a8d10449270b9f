"""`perennial connect klaviyo` and its like, and `perennial send`."""

import json
import re
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from typer.testing import CliRunner, Result

from features.connections.settings_file import read_connections
from features.home import Home
from perennial import app

from mail_tools import (
    ADDRESSES,
    BrevoTool,
    KlaviyoTool,
    MailchimpTool,
    MailTool,
    ShopServer,
    Trouble,
    klaviyo_of_everybody,
    running,
)
from outbound_shop import OutboundShop

ROOT = Path(__file__).parents[3]


@pytest.fixture
def tool() -> Iterator[KlaviyoTool]:
    with klaviyo_of_everybody() as klaviyo:
        yield klaviyo


@pytest.fixture
def shop(home: Home, client: redis.Redis, tool: MailTool) -> OutboundShop:
    return OutboundShop(home, client, "klaviyo", {"key": tool.key, "api": tool.address})


@pytest.fixture
def run(home: Home, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> "Run":
    monkeypatch.setenv("REDIS_URL", redis_url)
    monkeypatch.setenv("COLUMNS", "200")
    return Run(home)


class Run:
    """A command about the home; its exit code is checked."""

    def __init__(self, home: Home) -> None:
        self.home = home

    def __call__(self, *words: str, code: int = 0, text: str = "", **env: str) -> Result:
        result = CliRunner().invoke(app, [*words, "--home", str(self.home.root)], input=text, env=env)
        assert result.exit_code == code, result.output
        return result


def test_a_key_is_asked_for_read_from_a_file_or_from_the_environment(
    run: Run, home: Home, tool: KlaviyoTool, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text(f"{tool.key}\n")
    ways: list[Result] = [
        run("connect", "klaviyo", "--api", tool.address, text=f"{tool.key}\n"),
        run("connect", "klaviyo", "--api", tool.address, "--key-file", str(file)),
        run("connect", "klaviyo", "--api", tool.address, "--key-file", "-", text=tool.key),
        run("connect", "klaviyo", "--api", tool.address, PERENNIAL_KLAVIYO_KEY=tool.key),
    ]
    assert all("klaviyo is connected (AbC123)" in each.output for each in ways)
    assert all(tool.key not in each.output for each in ways)
    assert read_connections(home)["klaviyo"] == {"key": tool.key, "api": tool.address}
    assert stat.S_IMODE((home.root / "connections.json").stat().st_mode) == 0o600


def test_a_key_that_is_refused_connects_nothing(run: Run, home: Home, tool: KlaviyoTool) -> None:
    told = run("connect", "klaviyo", "--api", tool.address, code=1, PERENNIAL_KLAVIYO_KEY="wrong")
    assert "the key is refused" in told.output
    assert read_connections(home) == {}
    assert "empty" in run("connect", "klaviyo", "--key-file", "-", code=2, text=" \n").output


def test_brevo_is_given_its_attributes(run: Run, home: Home) -> None:
    with running(BrevoTool()) as brevo:
        run("connect", "brevo", "--api", brevo.address, PERENNIAL_BREVO_KEY=brevo.key)
    made = {
        call.path.rpartition("/")[2]: call.json["type"] for call in brevo.of("POST", "attributes/normal/")
    }
    assert (made["PERENNIAL_VALUE_365D"], made["PERENNIAL_NEXT_ORDER"]) == ("float", "date")
    assert "PERENNIAL_SEGMENT" not in made  # it was there


def test_mailchimps_only_audience_is_found(run: Run, home: Home) -> None:
    with running(MailchimpTool()) as mailchimp:
        run("connect", "mailchimp", "--api", mailchimp.address, PERENNIAL_MAILCHIMP_KEY=mailchimp.key)
    assert read_connections(home)["mailchimp"]["audience"] == "aud1"
    made = {call.json["tag"] for call in mailchimp.of("POST", "merge-fields")}
    assert {"PNVALUE", "PNNEXT", "PNPICK1T", "PNPICK3I"} <= made
    assert all(len(tag) <= 10 for tag in made)


def test_mailchimps_orders_are_sent_where_that_is_asked(run: Run, home: Home) -> None:
    with running(MailchimpTool()) as mailchimp:
        asked = ("connect", "mailchimp", "--api", mailchimp.address)
        run(*asked, PERENNIAL_MAILCHIMP_KEY=mailchimp.key)
        assert "orders" not in read_connections(home)["mailchimp"]
        run(*asked, "--orders", PERENNIAL_MAILCHIMP_KEY=mailchimp.key)
    assert read_connections(home)["mailchimp"]["orders"] is True


def test_a_webhook_gets_a_secret_and_a_hello(run: Run, home: Home) -> None:
    with running(ShopServer()) as server:
        told = run("connect", "webhook", "--url", f"{server.address}/hook")
    secret = read_connections(home)["webhook"]["secret"]
    assert secret in told.output
    assert [body["type"] for _, body in server.events] == ["perennial.connected"]
    for url in ("http://shop.example", "http://127.0.0.1.shop.example", "http://localhost@shop.example"):
        assert "https" in run("connect", "webhook", "--url", url, code=2).output


def test_files_need_their_folder(run: Run, tmp_path: Path) -> None:
    assert "no folder" in run("connect", "files", "--folder", str(tmp_path / "out"), code=1).output
    assert "is connected" in run("connect", "files", "--folder", str(tmp_path)).output


def test_a_dry_run_shows_what_a_run_sends_and_sends_nothing(
    run: Run, shop: OutboundShop, tool: KlaviyoTool
) -> None:
    run("connect", "klaviyo", "--api", tool.address, PERENNIAL_KLAVIYO_KEY=tool.key)
    shop.listens()
    shop.ships("ann", 1)
    for _ in range(2):
        shown = [json.loads(line) for line in run("send", "--dry-run").stdout.splitlines()]
        assert [(each["to"], each["customer_id"], "event" in each) for each in shown] == [
            ("klaviyo", "ann", True),
            ("klaviyo", "ann", False),
        ]
        assert shown[1]["fields"]["picks"]
        assert {call.method for call in tool.calls} == {"GET"}
    assert "customers 1, events 1, skipped: no consent 1" in run("send", "--to", "klaviyo").stderr
    assert run("send", "--dry-run").stdout == ""
    told = json.loads(run("connect", "--json").stdout)["klaviyo"]
    assert {kind: each["count"] for kind, each in told["traffic"].items()} == {"customers": 1, "events": 1}
    assert told["counts"] == {"skipped: no consent": 1}


def test_all_are_sent_again_when_asked(run: Run, shop: OutboundShop, tool: KlaviyoTool) -> None:
    run("connect", "klaviyo", "--api", tool.address, PERENNIAL_KLAVIYO_KEY=tool.key)
    run("send")
    assert "nothing to send" in run("send").stderr
    assert "would be customers 1" in run("send", "--all", "--dry-run").stderr
    assert "customers 1" in run("send", "--all").stderr
    assert len(tool.of("POST", "bulk-import-jobs")) == 2


def test_dead_letters_are_shown_and_tried_again(run: Run, shop: OutboundShop, tool: KlaviyoTool) -> None:
    run("connect", "klaviyo", "--api", tool.address, PERENNIAL_KLAVIYO_KEY=tool.key)
    shop.listens()
    shop.ships("ann", 1)
    tool.troubles = [Trouble("POST", 400)]
    assert "failed 1" in run("send").stderr
    assert "400" in run("send", "--dead-letters").output
    assert "events 1" in run("send", "--retry").stderr
    assert "all went out" in run("send", "--dead-letters").output


def test_another_account_begins_anew(run: Run, shop: OutboundShop, tool: KlaviyoTool) -> None:
    shop.round()
    with shop.state() as state:
        state.note("account", "another")
    run("connect", "klaviyo", "--api", tool.address, PERENNIAL_KLAVIYO_KEY=tool.key)
    assert "customers 1" in run("send").stderr


PAGES: dict[str, tuple[type[MailTool], dict[str, object]]] = {
    "klaviyo": (KlaviyoTool, {}),
    "brevo": (BrevoTool, {"lists": [1]}),
    "mailchimp": (MailchimpTool, {"status": "subscribed"}),
    "webhooks": (ShopServer, {}),
    "files": (ShopServer, {}),
}


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_do_as_it_says(
    run: Run, home: Home, client: redis.Redis, tmp_path: Path, page: str
) -> None:
    kind, known = PAGES[page]
    text = (ROOT / "docs" / "connect" / f"{page}.md").read_text(encoding="utf-8")
    [block] = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    with running(kind()) as tool:
        tool.people = {"1": {"email": ADDRESSES["ann"], **known}}
        OutboundShop(home, client, page, {})
        (tmp_path / "out").mkdir()
        real = {"https://shop.example/hooks/perennial": tool.address, "/srv/perennial-out": f"{tmp_path}/out"}
        connect, dry_run, send, listing = block.splitlines()
        for shown, used in real.items():
            connect = connect.replace(shown, used)
        api = ["--api", tool.address] if kind is not ShopServer else []
        assert "is connected" in run(*words(connect), *api, text=f"{tool.key}\n").output
        already = len(tool.calls)
        assert "would be customers 1" in run(*words(dry_run)).stderr
        assert {call.method for call in tool.calls[already:]} <= {"GET"}
        assert not [*(tmp_path / "out").iterdir()]
        assert "customers 1" in run(*words(send)).stderr
        assert "customers 1" in run(*words(listing)).output
    assert tool.fields or len(tool.events) == 2 or list((tmp_path / "out").glob("customers-*.csv"))


def words(command: str) -> list[str]:
    program, *rest = shlex.split(command)
    assert program == "perennial"
    return rest


def test_sending_needs_a_connection(run: Run, home: Home) -> None:
    home.make_private()
    assert "first" in run("send", code=2).output
    assert "brevo first" in run("send", "--to", "brevo", code=2).output
