from __future__ import annotations

from factories import NOW, event

from features.connection import Connection
from features.ingest import ingest, read_shopper
from features.settings import StoreSettings


async def test_a_repeated_event_counts_once(store: Connection, settings: StoreSettings) -> None:
    seen = event("view", customer_id="c-1")
    assert await ingest(store, [seen, seen], NOW, settings) == [True, False]
    assert await ingest(store, [seen], NOW, settings) == [False]
    assert (await read_shopper(store, "c-1", None)).viewed == ("p-1",)
