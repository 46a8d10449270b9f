"""The answers of a day under a change: asked again with the live state of their moments."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest
import redis

from features.events.vocabulary import Event
from features.history.archiver import Archiver
from features.history.impressions_parquet import served_table
from features.home import Home
from features.live.ingest import ingest_sync, read_log
from features.outgoing.impressions import ExperimentAssignment, ServedRecord
from features.store.connection import Connection
from features.store.settings import StoreSettings
from recommender.context.request import Request
from recommender.context.request_record import written
from recommender.merchandising.rules import Hide, Pin
from recommender.recommend import Recommender
from training.replay.change import BadChange, Change, before_and_after, read_rules, read_weight
from training.replay.questions import Period
from training.replay.replay import ReplayResult, replay_answers

from bundles import write_small
from factories import NOW, event

DAY = Period(NOW - timedelta(hours=12), NOW + timedelta(hours=12))
MINUTE = timedelta(minutes=1)
PLACEMENTS = "home", "cart", "product_complements"
Day = Sequence[tuple[Event, ServedRecord]]


@pytest.fixture
async def shop(home: Home, client: redis.Redis, store: Connection, settings: StoreSettings) -> Home:
    """A home with 30 answers, each given by the model to live state, and the events between them."""
    write_small(home.models)
    recommender, _ = before_and_after(home, client, Change())
    records = []
    for number in range(30):
        at, customer = NOW + number * MINUTE, ("ann", "ben", None)[number % 3]
        browser = f"a-{number % 4}"
        viewed = ("kettle", "tea", "pot", "cup")[number % 4]
        who = {"customer_id": customer, "anonymous_id": browser}
        ingest_sync(client, [event("view", at=at, product_id=viewed, **who)], at, settings)
        request = Request(
            PLACEMENTS[number // 3 % 3],  # type: ignore[arg-type]
            now=at.timestamp(),
            shopper=await read_log(store, customer, browser),
            customer_id=customer,
            product_id="tea" if number // 3 % 3 == 2 else None,
        )
        records.append(record(recommender, request, number, anonymous_id=browser))
    clicked = event(
        "click", at=NOW + 40 * MINUTE, product_id="tea", recommendation_id="r-3", anonymous_id="a-3"
    )
    ingest_sync(client, [clicked], NOW + 40 * MINUTE, settings)
    Archiver(client, home, settings).run(burst=True)
    write(home, records)
    return home


def record(recommender: Recommender, request: Request, number: int, **fields: Any) -> ServedRecord:
    picks = recommender.recommend(request, 4, request.customer_id or fields.get("anonymous_id"))
    shown = recommender.availability.show(recommender.bundle.tables, [pick.item for pick in picks])
    return ServedRecord(
        f"r-{number}",
        NOW + number * MINUTE,
        request.placement,
        tuple(product_id for product_id, _ in shown),
        customer_id=request.customer_id,
        parameters=written(request),
        **fields,
    )


def write(home: Home, records: Sequence[ServedRecord]) -> None:
    folder = home.served / "2026-11-22"
    folder.mkdir(parents=True, exist_ok=True)
    served_table(records).write_parquet(folder / "one.parquet")


def replayed(home: Home, client: redis.Redis, settings: StoreSettings, change: Change) -> ReplayResult:
    return replay_answers(home, DAY, before_and_after(home, client, change), settings)


def test_without_a_change_each_answer_is_what_was_shown(
    shop: Home, client: redis.Redis, settings: StoreSettings
) -> None:
    result = replayed(shop, client, settings, Change())
    assert sum(each.answers for each in result.placements) == 30
    assert {(each.changed, each.as_shown) for each in result.placements} == {(0.0, 1.0)}
    assert (result.products, result.examples) == ((), ())


def test_a_hidden_product_gives_way_to_others(
    shop: Home, client: redis.Redis, settings: StoreSettings
) -> None:
    result = replayed(shop, client, settings, Change(rules=[Hide(id="no-tea", products=("mug",))]))
    (mug,) = [each for each in result.products if each.product_id == "mug"]
    assert mug.before > 0 == mug.after
    assert sum(each.changed > 0 for each in result.placements) >= 1
    assert all("mug" in each.before and "mug" not in each.after for each in result.examples)
    assert {each.shopper for each in result.examples} <= {"ann", "ben", "a-0", "a-1", "a-2", "a-3"}


def test_clicks_under_answers_that_nobody_saw_are_not_estimated(
    shop: Home, client: redis.Redis, settings: StoreSettings
) -> None:
    result = replayed(shop, client, settings, Change(rules=[Hide(id="no-mug", products=("mug",))]))
    assert result.clicks is not None
    assert result.clicks.logged.value == pytest.approx(1 / 30)
    assert result.clicks.changed is None
    assert "never shown" in (result.clicks.refused or "")


def test_clicks_are_estimated_where_the_log_has_seen_the_change(
    shop: Home, client: redis.Redis, settings: StoreSettings
) -> None:
    before, after = before_and_after(shop, client, Change(rules=[Pin(id="p", product_id="tin", position=1)]))
    records, half = [], ExperimentAssignment("x", "e", "arm", 0.5)
    for number in range(600):  # one as it stands, which nobody clicks, then one with the change, which all do
        arm = (before, after)[number % 2]
        request = Request("home", now=NOW.timestamp(), customer_id=f"c-{number}")
        records.append(record(arm, request, number, treated=half))
    write(shop, [msgspec.structs.replace(each, at=NOW) for each in records])
    clicks = [
        event("click", at=NOW + MINUTE, product_id="tin", recommendation_id=f"r-{n}", customer_id=f"c-{n}")
        for n in range(1, 600, 2)
    ]
    ingest_sync(client, clicks, NOW + MINUTE, settings)
    Archiver(client, shop, settings).run(burst=True)
    result = replay_answers(shop, DAY, (before, after), settings)
    assert result.clicks is not None
    assert result.clicks.logged.value == pytest.approx(0.5)
    assert result.clicks.changed is not None
    assert result.clicks.changed.value == pytest.approx(1.0)


def test_weights_and_models_are_tried(shop: Home, client: redis.Redis) -> None:
    _, after = before_and_after(shop, client, Change(weights=dict([read_weight("home.discover=0.75")])))
    stage = after.stages["home"][1]  # behind what the visit leads to
    assert 0.75 in stage.weights
    with pytest.raises(BadChange, match="has no source `cart`; it has"):
        read_weight("home.cart=1")
    with pytest.raises(BadChange, match="there is no mix of sources"):
        read_weight("hom.discover=1")
    with pytest.raises(BadChange, match="a number from 0 to 1"):
        read_weight("home.discover=much")


def test_rules_that_contradict_or_name_nothing_are_refused(shop: Home, client: redis.Redis) -> None:
    with pytest.raises(BadChange, match="nowhere"):
        before_and_after(shop, client, Change(rules=[Hide(id="x", products=("nowhere",))]))
    broken = shop.root / "rules.json"
    broken.write_text('[{"kind": "hid"}]')
    with pytest.raises(BadChange, match=r"rules\.json"):
        read_rules(broken)
    broken.write_text('{"rules": [{"kind": "hide", "id": "x", "products": ["mug"]}]}')
    assert read_rules(broken) == (Hide(id="x", products=("mug",)),)
