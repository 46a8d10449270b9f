"""A whole shop, served as a user would: built by `perennial demo`, reached over HTTP."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from serving import running


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
