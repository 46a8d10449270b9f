"""The plugin for WordPress: its PHP by PHP's own tools, its script in a real browser."""

import functools
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from browsing import chromium
from waiting import eventually

PLUGIN = Path(__file__).parents[2] / "integrations" / "woocommerce"
CHECKS = {
    "tests": ("phpunit", "--no-configuration", "--do-not-cache-result", "PluginTest.php"),
    "style": ("phpcs", "--standard=phpcs.xml"),
}
PAGE = """<!doctype html><script type="application/json" id="perennial-page">{"added":
[{"event_id": "e-1", "product_id": "tea", "quantity": 2, "unit_price": 6.5}]}</script>
<script>localStorage.setItem("perennial_anonymous_id", "a1b2c3d4-0000")</script>
<script src="/page.js"></script>
<a href="/next.html">on</a>"""


def test_every_file_is_php() -> None:
    if shutil.which("php") is None:
        pytest.skip("no PHP on this machine: install the package `php-cli`")
    for path in PLUGIN.rglob("*.php"):
        done = subprocess.run(["php", "-l", str(path)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("check", CHECKS)
def test_php_by_its_own_tools(check: str) -> None:
    program, *words = CHECKS[check]
    if shutil.which(program) is None:
        pytest.skip(f"no {program} on this machine: install Debian's packages phpunit and php-codesniffer")
    done = subprocess.run(
        [program, *words], cwd=PLUGIN / "tests", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_plugin_and_service_have_one_version() -> None:
    from importlib.metadata import version

    plugin = PLUGIN / "perennial"
    assert f"Version: {version('perennial')}\n" in (plugin / "perennial.php").read_text()
    assert f"Stable tag: {version('perennial')}\n" in (plugin / "readme.txt").read_text()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[str]:
    """A page as the plugin writes it, without the widget so far."""
    (tmp_path / "page.js").write_bytes((PLUGIN / "perennial/assets/page.js").read_bytes())
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "next.html").write_text("<!doctype html>")
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.browser
def test_a_page_queues_what_was_added_and_leaves_the_browsers_id_for_the_checkout(shop: str) -> None:
    with chromium() as browser:
        page = browser.new_page()
        page.goto(shop)
        queued = page.evaluate("window.Perennial.filter(Array.isArray)")
        added = {"event_id": "e-1", "product_id": "tea", "quantity": 2, "unit_price": 6.5}
        assert queued == [["track", "add_to_cart", added]]
        page.click("a")
        eventually(lambda: "perennial_id=a1b2c3d4-0000" in page.evaluate("document.cookie"), within_s=10)
        page.close()
