"""Every command of the README does what it says."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from serving import ROOT
from waiting import eventually

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
TRY, TEST, CONNECT, ASK = (re.split(r"\n(?!\s)", block.strip()) for block in BLOCKS)
BIN = Path(sys.executable).parent


def shell(command: str, folder: Path, **environment: str) -> str:
    """Run one line as a user would, with the commands of this environment."""
    path = {"PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(folder), **environment}
    done = subprocess.run(
        ["/bin/sh", "-ec", command], cwd=folder, env=path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.parametrize(
    ("command", "runs"), [(TRY[0], "perennial demo"), (TEST[0], "pytest"), (CONNECT[0], "pip install")]
)
def test_make_targets_run_what_other_tests_run(command: str, runs: str) -> None:
    target = command.removeprefix("make ").partition(" ")[0]
    plan = ["make", "--dry-run", "--always-make", target]
    assert runs in subprocess.run(plan, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def shop_folder(tmp_path: Path) -> Path:
    """What a shop has: an order export and a product feed."""
    products = ("85123A", "22423", "22699", "22697")
    rows = [
        f"{1000 + order},{products[line % 4]},LAMP,1,2011-0{1 + order % 9}-05 10:00,2.5,{17 + order % 20},DE"
        for line in range(300)
        for order in (line // 3,)
    ]
    head = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
    (tmp_path / "orders.csv").write_text("\n".join([head, *rows]) + "\n")
    feed = ["id\ttitle\tlink\tprice\tavailability"]
    feed += [f"{name}\tLamp {name}\thttps://shop.example/{name}\t2.50 EUR\tin_stock" for name in products]
    (tmp_path / "products.tsv").write_text("\n".join(feed) + "\n")
    return tmp_path


@pytest.fixture
def serving_port(shop_folder: Path) -> Iterator[str]:
    """The shop connected by the README's own commands, up to `perennial serve`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    *imports, serve = CONNECT[1:]
    for command in imports:
        shell(command, shop_folder)
    path = {"PATH": f"{BIN}:/usr/bin:/bin", "PERENNIAL_PORT": port}
    process = subprocess.Popen(serve.split(), cwd=shop_folder, env=path, stderr=subprocess.DEVNULL)
    yield port
    process.terminate()
    process.wait(30)


def test_a_shop_is_connected_in_five_commands(shop_folder: Path, serving_port: str) -> None:
    assert len(CONNECT) == 5

    def ready() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{serving_port}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    eventually(ready, within_s=60)
    ask, tell = (line.replace(":8000", f":{serving_port}") for line in ASK)
    assert '"product_id"' in shell(f"curl -sS {ask.removeprefix('curl ')}", shop_folder)
    assert '"accepted":1' in shell(f"curl -sS {tell.removeprefix('curl ')}", shop_folder)
    widget = httpx.get(f"http://127.0.0.1:{serving_port}/widget.js")
    assert "perennial-recs" in widget.text


def test_linked_pages_exist() -> None:
    for link in re.findall(r"\]\((docs/[^)]+)\)", README):
        assert (ROOT / link).exists(), link
