"""A whole shop, served as a user would: built by `perennial demo`, reached over HTTP; and a browser on a page
of a shop that has the widget, with a service of the test's own."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page

from browsing import DESKTOP, SignedIn, chromium, complaints
from serving import NO_CERTIFICATES, running
from shop_page import Service

NOT_ITS_FAULT = ("Failed to load resource", "Access to fetch at")
"""A browser's own lines about a service that is dead or says no, or a picture that is not there."""


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the demo shop of this run lies."""
    return tmp_path_factory.mktemp("demo") / "home"


@pytest.fixture(scope="session")
def demo_server(demo_home: Path) -> Iterator[str]:
    """Base URL of a small demo shop. The browser is on its cores, too: it waits for Redis as in tests/api."""
    words = ("demo", "--home", str(demo_home), "--customers", "600", "--products", "240")
    with ExitStack() as held:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("PERENNIAL_REDIS_DEADLINE_MS", "500")
            _, url = held.enter_context(running(*words))
        yield url


@pytest.fixture(scope="session")
def shop(demo_server: str) -> dict[str, Any]:
    """The demo shop's products, categories and shoppers."""
    found: dict[str, Any] = json.loads(httpx.get(f"{demo_server}/demo/shop.json").content)
    return found


@pytest.fixture(scope="session")
def signed_in(demo_server: str) -> SignedIn:
    """Lets a browser be signed in to the demo's console: signing in is allowed only so often."""
    with httpx.Client(base_url=demo_server, verify=NO_CERTIFICATES) as visitor:
        assert visitor.post("/console/sign-in", data={"secret": "sk_demo"}).status_code == 303
        (cookie,) = visitor.cookies.jar
    name, value, host = cookie.name, str(cookie.value), httpx.URL(demo_server).host
    return lambda context: context.add_cookies(
        [{"name": name, "value": value, "domain": host, "path": cookie.path}]
    )


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.answering.set()
        server.sending_more.set()
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, service: Service) -> Iterator[Page]:
    """A fresh browser profile, closed before the service; the page may neither throw nor complain."""
    context = browser.new_context(viewport=DESKTOP)
    page = context.new_page()
    errors = complaints(page)
    yield page
    context.close()
    assert [error for error in errors if not error.startswith(NOT_ITS_FAULT)] == []
