"""What a running process takes over: models that change, stock meanwhile, a store that goes away.

Covers api/serving/prepare.py, too.
"""

import threading
from functools import partial

import httpx
import redis

from features.home import Home
from features.store.settings import StoreSettings
from recommender.model import versions

from bundles import VERSION, write_small
from waiting import eventually

NEWER = "2026-11-23T10-00-00Z"


def products(http: httpx.Client) -> list[str]:
    answer = http.get("/v1/recommendations", params={"placement": "home", "k": 7})
    return [item["product_id"] for item in answer.json()["items"]]


def version(http: httpx.Client) -> str | None:
    return str(http.get("/readyz").json()["model_version"])


def test_a_new_model_is_taken_over_and_rolled_back(http: httpx.Client, served_home: Home) -> None:
    write_small(served_home.models, NEWER)
    eventually(lambda: version(http) == NEWER)
    versions.rollback(served_home.models)
    eventually(lambda: version(http) == VERSION)


def serves(http: httpx.Client, wanted: str) -> bool:
    return version(http) == wanted


def test_a_change_of_stock_during_a_reload_is_kept(http: httpx.Client, served_home: Home) -> None:
    for round_ in range(10):
        newer = f"2026-11-23T10-00-{round_:02}Z"
        reloading = threading.Thread(target=write_small, args=(served_home.models, newer))
        reloading.start()
        for stock in (0, 5, round_ % 2):
            http.put("/v1/catalogue", json={"products": [{"product_id": "mug", "stock": stock}]})
        reloading.join()
        eventually(partial(serves, http, newer))
        assert ("mug" in products(http)) == bool(round_ % 2)


def test_a_damaged_model_never_serves(http: httpx.Client, served_home: Home) -> None:
    write_small(served_home.models / "aside", NEWER)
    damaged = served_home.models / NEWER
    (served_home.models / "aside" / NEWER).rename(damaged)
    (damaged / "titles.blob.npy").write_bytes(b"garbage")
    (served_home.models / versions.CURRENT).write_bytes(
        (served_home.models / "aside" / versions.CURRENT).read_bytes()
    )
    eventually(lambda: "titles.blob.npy" in (http.get("/readyz").json()["model_problem"] or ""))
    assert version(http) == VERSION
    assert products(http)


def test_a_store_that_is_away_degrades_answers_and_nothing_else(
    http: httpx.Client, client: redis.Redis, settings: StoreSettings
) -> None:
    query = {"placement": "home", "customer_id": "ann"}
    client.client_pause(settings.redis_deadline_ms + 300)
    answer = http.get("/v1/recommendations", params=query).json()
    assert answer["degraded"] is True
    assert answer["degraded_reasons"] == ["store_unavailable"]
    assert answer["items"]
    eventually(lambda: not http.get("/v1/recommendations", params=query).json()["degraded"])
