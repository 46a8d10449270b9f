"""Pages of a shop that has not been trained yet: they say what to do."""

from pathlib import Path

import httpx
import pytest

from features.home import Home


@pytest.fixture
def served_home(tmp_path: Path) -> Home:
    """A home without a model."""
    return Home(tmp_path / "shop")


def test_the_pages_open_and_say_what_to_do_first(console: httpx.Client) -> None:
    service = console.get("/console/service")
    assert service.status_code == 200
    assert "There is no model yet" in service.text
    tried = console.get("/console/try-it", params={"customer": "ann", "viewed": "tea"})
    assert tried.status_code == 200
    assert "There is no model yet." in tried.text
    assert console.get("/console/try-it/search", params={"q": "tea"}).status_code == 200
