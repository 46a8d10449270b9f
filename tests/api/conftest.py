"""A real server on a real socket, over a small model and an empty Redis."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from api.process.app import create_app
from api.process.front import server_of
from api.process.processes import listen, url_of
from api.web.settings import ApiSettings
from features.home import Home
from features.merchant.api_keys import add_demo_keys
from features.store.settings import StoreSettings

from bundles import write_small
from serving import NO_CERTIFICATES
from waiting import eventually

Serve = Callable[[Home, str], AbstractContextManager[str]]


@pytest.fixture
def api_settings() -> ApiSettings:
    """A test overrides this to serve with others."""
    return ApiSettings(watch_interval_ms=20, drain_s=1)


@pytest.fixture(scope="session")
def settings() -> StoreSettings:
    """A wider deadline than a shop's: tests share the machine; nobody is held out but in tests of that."""
    return StoreSettings(
        redis_url=None,
        redis_deadline_ms=2_000,
        redis_write_deadline_ms=3_000,
        redis_batch_deadline_ms=5_000,
        holdout=0,
    )


@pytest.fixture
def served_home(tmp_path: Path) -> Home:
    """A home with a published model."""
    home = Home(tmp_path / "shop")
    write_small(home.models)
    return home


@contextmanager
def served(home: Home, redis_url: str, api_settings: ApiSettings, settings: StoreSettings) -> Iterator[str]:
    """One process of the service, and where it listens."""
    with listen("127.0.0.1", 0) as listener:
        server = server_of(create_app(home, redis_url, api_settings, settings), api_settings)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        eventually(lambda: server.started, within_s=60)  # what a test stops must not be the start
        yield url_of(listener)
        server.should_exit = True
        thread.join()


@pytest.fixture
def serve(api_settings: ApiSettings, settings: StoreSettings) -> Serve:
    """(home, URL of the store) -> where it is served while the block lasts."""

    def serve(home: Home, redis_url: str) -> AbstractContextManager[str]:
        return served(home, redis_url, api_settings, settings)

    return serve


@pytest.fixture
def url(
    served_home: Home, redis_url: str, api_settings: ApiSettings, settings: StoreSettings
) -> Iterator[str]:
    """Where the running service listens; the demo's keys are its home's own."""
    add_demo_keys(served_home, None, datetime.now(UTC))
    with served(served_home, redis_url, api_settings, settings) as url:
        yield url


@pytest.fixture
def other_http(
    served_home: Home, redis_url: str, api_settings: ApiSettings, settings: StoreSettings
) -> Iterator[httpx.Client]:
    """A client of a second process over the same home and store."""
    secret = {"Authorization": "Bearer sk_demo"}
    add_demo_keys(served_home, None, datetime.now(UTC))
    with (
        served(served_home, redis_url, api_settings, settings) as url,
        httpx.Client(base_url=url, headers=secret, timeout=10.0, verify=NO_CERTIFICATES) as client,
    ):
        yield client


@pytest.fixture
def http(url: str) -> Iterator[httpx.Client]:
    """A client of the running service, with the demo's secret key."""
    with httpx.Client(
        base_url=url, headers={"Authorization": "Bearer sk_demo"}, timeout=10.0, verify=NO_CERTIFICATES
    ) as client:
        yield client
