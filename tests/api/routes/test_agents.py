"""Agents ask by the official client of the Model Context Protocol, over stdio and HTTP, what their key may.

Covers features/agents/ and features/cli/mcp.py.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from small_customers import bundle_with_customers
from typer.testing import CliRunner

from features.home import Home
from features.insights.report import Report
from features.insights.report_files import write_report
from perennial import app

from bundles import write_small
from mail_tools import ShopServer, Trouble, running
from serving import ROOT, perennial

TOOLS = {"recommend", "similar", "complements", "bundles", "offers", "customer", "figures"}


@pytest.fixture
def served_home(tmp_path: Path) -> Home:
    """A home whose model knows ann, with figures."""
    home = Home(tmp_path / "shop")
    write_small(home.models, bundle_of=bundle_with_customers)
    write_report(home, Report("kpi", "Key figures", "2026-06-30", []))
    return home


@pytest.fixture
def mcp_url(url: str) -> Iterator[str]:
    """Where `perennial mcp --http` listens."""
    process = perennial("mcp", "--http", "--port", "0", "--url", url)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.communicate(timeout=30)


def over_stdio(url: str, key: str) -> Client:
    words = ["-P", "-m", "perennial", "mcp", "--url", url]
    env = {**os.environ, "PERENNIAL_KEY": key}
    return Client(StdioServerParameters(command=sys.executable, args=words, env=env, cwd=ROOT))


async def told(client: Client, tool: str, **asked: Any) -> dict[str, Any]:
    answer = await client.call_tool(tool, asked)
    assert not answer.is_error, answer.content
    told: dict[str, Any] = answer.structured_content or {}
    return told


async def refused(client: Client, tool: str, **asked: Any) -> str:
    answer = await client.call_tool(tool, asked)
    assert answer.is_error
    return str(getattr(answer.content[0], "text", ""))


async def ask_everything(client: Client) -> None:
    listed = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert listed.keys() == TOOLS
    assert all(tool.description for tool in listed.values())
    home = await told(client, "recommend", placement="home", customer_id="ann", k=2)
    assert (home["personalised"], len(home["items"])) == (True, 2)
    assert (await told(client, "recommend", placement="cart", cart=["tea", "mug"]))["placement"] == "cart"
    assert (await told(client, "similar", product_id="tea"))["placement"] == "product_similar"
    assert (await told(client, "complements", product_id="tea"))["placement"] == "product_complements"
    assert "bundles" in await told(client, "bundles", product_id="tea")
    assert (await told(client, "offers", customer_id="ann"))["degraded_reasons"] == ["no_offers"]
    ann = await told(client, "customer", customer_id="ann", parts=["picks", "orders"])
    assert (ann["orders"], ann["bought"][0]["product_id"], bool(ann["picks"]["items"])) == (5, "tea", True)
    assert (await told(client, "figures"))["title"] == "Key figures"
    assert "There are figures of" in await refused(client, "figures", report="moods")
    assert "placement" in await refused(client, "recommend", placement="nowhere")


async def test_over_stdio(url: str) -> None:
    async with over_stdio(url, "sk_demo") as client:
        await ask_everything(client)


async def test_a_public_key_asks_what_it_may(url: str) -> None:
    async with over_stdio(url, "pk_demo") as client:
        home = await told(client, "recommend", placement="home", customer_id="ann")
        assert home["personalised"] is False
        for tool in ("customer", "offers"):
            assert "This needs a secret key" in await refused(client, tool, customer_id="ann")
        assert "This needs a secret key" in await refused(client, "figures")


async def test_over_http_each_agent_sends_its_own_key(mcp_url: str) -> None:
    headers = {"Authorization": "Bearer sk_demo"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30) as http,
        Client(streamable_http_client(mcp_url, http_client=http)) as client,
    ):
        await ask_everything(client)
    async with Client(mcp_url) as stranger:
        assert "Send a key" in await refused(stranger, "similar", product_id="tea")


async def test_a_shop_that_is_away_is_said() -> None:
    async with over_stdio("http://127.0.0.1:9", "sk_demo") as client:
        assert "does not answer" in await refused(client, "similar", product_id="tea")


async def test_what_cannot_be_asked_is_said(url: str) -> None:
    async with over_stdio(url, "sk_demo") as client:
        assert "at most 512" in await refused(client, "customer", customer_id="x" * 100_000)
        many = ["y" * 500] * 200
        assert "too long together" in await refused(client, "recommend", placement="cart", cart=many)
        assert (await told(client, "customer", customer_id="nobody"))["known"] is False
        assert (await told(client, "similar", product_id="nothing"))["items"] is not None


async def test_a_key_that_is_no_key_is_not_shown(url: str) -> None:
    async with over_stdio(url, "sk_secret\n") as client:
        said = await refused(client, "similar", product_id="tea")
    assert "cannot be asked" in said
    assert "sk_secret" not in said


async def test_another_server_at_the_address_is_said() -> None:
    with running(ShopServer()) as other:
        other.answer, other.troubles = "<html>", [Trouble("GET", 502)]
        async with over_stdio(other.address, "sk_demo") as client:
            assert "is not the shop" in await refused(client, "similar", product_id="tea")


def test_without_a_key_it_says_what_to_do() -> None:
    result = CliRunner().invoke(app, ["mcp"], env={"PERENNIAL_KEY": None, "COLUMNS": "200"})
    assert result.exit_code == 2
    assert "perennial keys create" in result.output


def test_without_its_extra_it_names_it() -> None:
    code = "import sys; sys.modules['httpx2'] = sys.modules['mcp'] = None; import perennial; perennial.main()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, "mcp"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "pip install 'perennial[mcp]'" in done.stderr
