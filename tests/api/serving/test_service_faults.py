"""A model that cannot be loaded ends nothing, whatever it raises."""

import asyncio
import shutil
from pathlib import Path

import httpx
import pytest

from api.process.app import create_app
from api.web.settings import ApiSettings
from features.home import Home
from features.store.settings import StoreSettings
from recommender.model import versions
from recommender.model.bundle import Bundle

from bundles import VERSION, write_small

NEWER, NEWEST = "2026-11-23T10-00-00Z", "2026-11-24T10-00-00Z"
QUICK = ApiSettings(watch_interval_ms=20)


class Odd(Exception):
    """Something that nobody expects."""


async def ready(http: httpx.AsyncClient, version: str) -> dict[str, object]:
    """What `/readyz` says once this version serves."""
    for _ in range(500):
        answer: dict[str, object] = (await http.get("/readyz")).json()
        if answer["model_version"] == version:
            return answer
        await asyncio.sleep(0.02)
    raise AssertionError(answer)


@pytest.mark.parametrize("odd", [Odd("odd"), RecursionError(), MemoryError(), AttributeError("x")])
async def test_the_watching_goes_on_after_a_bundle_that_raises(
    odd: Exception, home: Home, redis_url: str, settings: StoreSettings
) -> None:
    write_small(home.models)

    def load(models: Path) -> Bundle | None:
        bundle = versions.load_current(models)
        if bundle and bundle.manifest.version == NEWER:
            raise odd
        return bundle

    app = create_app(home, redis_url, QUICK, settings, load)
    transport = httpx.ASGITransport(app)
    client = httpx.AsyncClient(transport=transport, base_url="http://localhost")
    async with app.router.lifespan_context(app), client as http:
        await ready(http, VERSION)
        write_small(home.models, NEWER)
        for _ in range(500):
            answer = (await http.get("/readyz")).json()
            if answer["model_problem"]:
                break
            await asyncio.sleep(0.02)
        assert answer["model_version"] == VERSION
        write_small(home.models, NEWEST)
        assert (await ready(http, NEWEST))["model_problem"] is None


async def test_a_process_that_starts_over_a_bad_model_serves_the_one_before(
    home: Home, redis_url: str, settings: StoreSettings
) -> None:
    write_small(home.models)
    write_small(home.models, NEWER)
    shutil.rmtree(home.models / NEWER)
    app = create_app(home, redis_url, QUICK, settings)
    transport = httpx.ASGITransport(app)
    client = httpx.AsyncClient(transport=transport, base_url="http://localhost")
    async with app.router.lifespan_context(app), client as http:
        answer = await ready(http, VERSION)
        assert NEWER in str(answer["model_problem"])


async def test_a_watcher_that_fails_is_seen_and_goes_on(
    home: Home, redis_url: str, settings: StoreSettings
) -> None:
    write_small(home.models)
    app = create_app(home, redis_url, QUICK, settings)
    transport = httpx.ASGITransport(app)
    client = httpx.AsyncClient(transport=transport, base_url="http://localhost")
    async with app.router.lifespan_context(app), client as http:
        (home.models / versions.CURRENT).write_bytes(b"{")
        for _ in range(500):
            parts = (await http.get("/readyz")).json().get("parts", {})
            if "refresh_model" in parts:
                break
            await asyncio.sleep(0.02)
        assert parts["refresh_model"]["problem"] == "BadBundle"
        await asyncio.sleep(0.1)
        metrics = (await http.get("/metrics")).text
        assert 'perennial_part_failing{part="refresh_model"} 1.0' in metrics
        write_small(home.models / "aside", NEWER)
        shutil.copy(home.models / "aside" / versions.CURRENT, home.models / versions.CURRENT)
        (home.models / "aside" / NEWER).rename(home.models / NEWER)
        await ready(http, NEWER)
