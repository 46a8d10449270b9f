"""Segment's own clients send here by host and key alone: Python, Node.js, the browser's, Java."""

import functools
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import redis

from api.web.settings import ApiSettings
from features.store import keys

from browsing import chromium
from scale import FULL
from waiting import eventually

INSTALL_S = 120
NODE_CLIENTS = ("@segment/analytics-node@3.1.0", "@segment/analytics-next@1.84.3")
JAVA_CLIENT = "com.segment.analytics.java:analytics:3.5.2"
PYTHON = """
import sys
from segment.analytics.client import Client
client = Client("sk_demo", host=sys.argv[1], gzip=True, on_error=lambda error, items: sys.exit(str(error)))
client.identify("zoe", {"email": "zoe@example.org"}, anonymous_id="a-1")
client.track("zoe", "Product Viewed", {"product_id": "mug", "price": 12.5})
client.track("zoe", "Order Completed", {"order_id": "o-1", "products": [{"sku": "mug", "price": 12.5}]})
client.shutdown()
"""
NODE = """
const { Analytics } = require("@segment/analytics-node")
const client = new Analytics({ writeKey: "sk_demo", host: process.argv[2] })
client.on("error", error => { console.error(error); process.exit(1) })
client.track({ userId: "zoe", event: "Product Viewed", properties: { product_id: "mug", price: 12.5 } })
client.track({ userId: "zoe", event: "Order Completed",
  properties: { order_id: "o-1", products: [{ product_id: "mug", price: 12.5 }] } })
client.closeAndFlush({ timeout: 20000 })
"""
BROWSER = """<!doctype html><script src="/index.js"></script><script>
AnalyticsNext.AnalyticsBrowser.load({ writeKey: "pk_demo", cdnURL: "%s" }).then(([analytics]) =>
  analytics.track("Product Viewed", { product_id: "mug", price: 12.5 }))
</script>"""
JAVA = """
import com.segment.analytics.Analytics;
import com.segment.analytics.messages.TrackMessage;
import java.util.Map;

public class Send {
  public static void main(String[] words) throws Exception {
    Analytics client = Analytics.builder("sk_demo").endpoint(words[0]).flushQueueSize(1).build();
    client.enqueue(TrackMessage.builder("Product Viewed").userId("zoe")
        .properties(Map.of("product_id", "mug", "price", 12.5)));
    client.flush();
    Thread.sleep(3000);
    client.shutdown();
  }
}
"""


def run(*words: str, cwd: Path | None = None) -> None:
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr or done.stdout


def installed(tool: str, folder: Path, *words: str) -> None:
    """Run a package manager in the folder; skips where it is missing or cannot reach its registry."""
    if shutil.which(tool) is None:
        pytest.skip(f"no {tool} on this machine")
    done = subprocess.run(
        [tool, *words], cwd=folder, capture_output=True, text=True, timeout=240, check=False
    )
    if done.returncode:
        pytest.skip(f"{tool} cannot install the client: {(done.stderr or done.stdout)[-200:]}")


@pytest.fixture(scope="module")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the clients of npm."""
    folder = tmp_path_factory.mktemp("node")
    installed(
        "npm", folder, "install", "--no-audit", "--no-fund", "--silent", "--fetch-retries=0", *NODE_CLIENTS
    )
    return folder


@pytest.fixture
def api_settings() -> ApiSettings:
    """Pages of every origin may send."""
    return ApiSettings(watch_interval_ms=20, drain_s=1, cors_origins=("*",))


@pytest.fixture
def site(node_modules: Path, url: str) -> Iterator[str]:
    """A page of another origin with the browser's client."""
    folder = node_modules / "site"
    folder.mkdir(exist_ok=True)
    umd = node_modules / "node_modules/@segment/analytics-next/dist/umd"
    shutil.copytree(umd, folder, dirs_exist_ok=True)
    (folder / "index.html").write_text(BROWSER % url)
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def types(client: redis.Redis) -> list[str]:
    """Of the events that were kept."""
    entries = client.xrange(keys.event_stream())
    return sorted(fields[b"e"].decode().split('"')[3] for _, fields in entries)  # type: ignore[union-attr,index]


def test_python(url: str, client: redis.Redis) -> None:
    pytest.importorskip("segment.analytics")
    run(sys.executable, "-c", PYTHON, url)
    assert types(client) == ["identify", "purchase", "view"]


def test_node(url: str, client: redis.Redis, node_modules: Path) -> None:
    (node_modules / "send.js").write_text(NODE)
    run("node", "send.js", url, cwd=node_modules)
    assert types(client) == ["purchase", "view"]


@pytest.mark.browser
def test_browser(site: str, client: redis.Redis) -> None:
    with chromium() as browser:
        page = browser.new_page()
        page.goto(site)
        eventually(lambda: types(client) == ["view"], within_s=20)
        page.close()


@pytest.mark.skipif(not FULL, reason="Maven loads dozens of jars: run by `make soak`")
def test_java(url: str, client: redis.Redis, tmp_path: Path) -> None:
    (tmp_path / "pom.xml").write_text(POM)
    installed("mvn", tmp_path, "-q", "dependency:copy-dependencies", "-DoutputDirectory=jars")
    (tmp_path / "Send.java").write_text(JAVA)
    run("java", "-cp", f"{tmp_path}/jars/*", "Send.java", url, cwd=tmp_path)
    assert types(client) == ["view"]


_group, _artifact, _version = JAVA_CLIENT.split(":")
POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>x</groupId><artifactId>x</artifactId><version>1</version><dependencies><dependency>
<groupId>{_group}</groupId><artifactId>{_artifact}</artifactId><version>{_version}</version>
</dependency></dependencies></project>"""
