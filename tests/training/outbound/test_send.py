"""Rounds of a service that fails as services do: nothing is lost, and nothing is sent without need."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import redis

from features.home import Home
from features.live.ingest import ingest_sync
from features.store.settings import StoreSettings
from training.outbound.destination import NotAllowed, NotTaken, Unavailable

from factories import event
from mail_tools import KlaviyoTool, Trouble, klaviyo_of_everybody, running
from outbound_shop import OutboundShop

DAY = timedelta(days=1)


@pytest.fixture
def tool() -> Iterator[KlaviyoTool]:
    with klaviyo_of_everybody() as klaviyo:
        yield klaviyo


@pytest.fixture
def shop(home: Home, client: redis.Redis, tool: KlaviyoTool) -> OutboundShop:
    return OutboundShop(home, client, "klaviyo", {"key": tool.key, "api": tool.address})


def test_fields_go_to_who_consented_and_only_where_they_changed(
    shop: OutboundShop, tool: KlaviyoTool
) -> None:
    assert shop.round() == {"customers": 1, "skipped: no consent": 1}
    assert list(tool.fields) == ["K-ann"]
    fields = tool.fields["K-ann"]
    assert fields["perennial_currency"] == "EUR"
    assert (
        fields["perennial_value_365d_low"]
        < fields["perennial_value_365d"]
        < fields["perennial_value_365d_high"]
    )
    assert [pick["product_id"] for pick in fields["perennial_picks"]]
    assert shop.round() == {}  # the run is done; the next one comes with a new model, or tomorrow
    jobs = len(tool.of("POST", "bulk-import-jobs"))
    assert shop.round(DAY + timedelta(minutes=1))["customers"] <= 1
    assert len(tool.of("POST", "bulk-import-jobs")) - jobs <= 1


def test_an_unchanged_customer_is_not_sent_again(shop: OutboundShop, tool: KlaviyoTool) -> None:
    shop.round()
    with shop.state() as state:
        state.note("ended", "")
    assert shop.round() == {"unchanged": 1, "skipped: no consent": 1}
    assert len(tool.of("POST", "bulk-import-jobs")) == 1


def test_who_subscribed_at_the_service_has_consented(shop: OutboundShop, tool: KlaviyoTool) -> None:
    tool.people["K-bob"]["consent"] = "SUBSCRIBED"
    assert shop.round() == {"customers": 2}
    assert set(tool.fields) == {"K-ann", "K-bob"}


def test_a_no_takes_the_fields_out(shop: OutboundShop, tool: KlaviyoTool) -> None:
    shop.round()
    shop.hears("consent", "ann", properties={"email": False})
    assert shop.round(2 * DAY)["skipped: no consent"] == 2
    assert tool.fields["K-ann"] == {}
    shop.hears("consent", "ann", properties={"email": True, "profiling": False})
    assert shop.round(4 * DAY)["skipped: no profiling"] == 1
    assert tool.fields["K-ann"] == {}


def test_a_customer_whom_the_service_does_not_know_waits(shop: OutboundShop, tool: KlaviyoTool) -> None:
    shop.listens()
    ann = tool.people.pop("K-ann")
    shop.ships("ann", 1)
    assert shop.round() == {"skipped: not known there": 1, "skipped: no consent": 1}
    tool.people["K-ann"] = ann
    assert shop.round(timedelta(minutes=11))["events"] == 1


def test_a_message_is_told_once_with_its_products(shop: OutboundShop, tool: KlaviyoTool) -> None:
    shop.listens()
    shop.hears("add_to_cart", "ann", timedelta(hours=2), product_id="pot")
    assert shop.round()["events"] == 1
    assert shop.round()["events"] == 0
    [(contact, event)] = tool.events
    assert contact == "K-ann"
    assert event["metric"]["data"]["attributes"]["name"] == "Perennial Abandoned Cart"
    assert [each["title"] for each in event["properties"]["products"]] == ["Pot"]
    shop.hears("purchase", "ann", product_id="pot", order_id="o-1")
    shop.round()
    assert tool.events[-1][1]["metric"]["data"]["attributes"]["name"] == "Perennial Cancelled"
    assert tool.events[-1][1]["properties"]["trigger"] == event["unique_id"]


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble("POST", 429, {"Retry-After": "7"}),
        Trouble("POST", 500),
        Trouble("POST", 503, late=True),
        Trouble("POST", late=True),
        Trouble("POST"),
        Trouble("GET", 429, {"Retry-After": "7"}),
    ],
    ids=["429", "500", "503 afterwards", "cut afterwards", "cut", "429 of a page"],
)
def test_a_short_trouble_is_sat_out(shop: OutboundShop, tool: KlaviyoTool, trouble: Trouble) -> None:
    shop.listens()
    shop.ships("ann", 1)
    tool.troubles = [trouble]
    assert shop.round() == {"events": 1, "customers": 1, "skipped: no consent": 1}
    assert len(tool.events) == 1
    assert (7.0 in shop.paused) == (trouble.status == 429)
    assert "K-ann" in tool.fields


def test_a_long_trouble_ends_the_round_and_nothing_is_lost(shop: OutboundShop, tool: KlaviyoTool) -> None:
    shop.listens()
    for order in range(5):
        shop.ships("ann", order)
    tool.troubles = [Trouble("POST", 503)] * 50
    with pytest.raises(Unavailable):
        shop.round()
    assert len(tool.of("POST", "events")) == 3 * 4  # three letters, four tries each
    with shop.state() as state:
        assert state.waiting() == 5
    tool.troubles = []
    assert shop.round(timedelta(minutes=6)) == {"events": 5, "customers": 1, "skipped: no consent": 1}
    assert len(tool.events) == 5


def test_a_service_that_asks_for_hours_gets_them(shop: OutboundShop, tool: KlaviyoTool) -> None:
    shop.listens()
    shop.ships("ann", 1)
    tool.troubles = [Trouble("POST", 429, {"Retry-After": "7200"})] * 2
    with pytest.raises(Unavailable) as told:
        shop.round()
    assert told.value.after_s == 7200
    assert len(tool.of("POST", "events")) == 1
    assert shop.round(timedelta(hours=1))["events"] == 0
    assert shop.round(timedelta(hours=2, seconds=5))["events"] == 1


def test_what_is_refused_is_a_dead_letter_that_can_be_sent_again(
    shop: OutboundShop, tool: KlaviyoTool
) -> None:
    shop.listens()
    shop.ships("ann", 1)
    tool.troubles = [Trouble("POST", 400)]
    assert shop.round()["failed"] == 1
    with shop.state() as state:
        [letter] = state.dead()
        assert "400" in str(letter.problem)
        assert state.revive(0, 10**13) == 1
    assert shop.round()["events"] == 1


def test_a_letter_dies_after_days(shop: OutboundShop, tool: KlaviyoTool) -> None:
    shop.listens()
    shop.ships("ann", 1)
    later = timedelta()
    for hours in (0, 0.1, 1, 4, 9, 20, 34, 60):
        tool.troubles = [Trouble("POST", 503)] * 4
        later = timedelta(hours=hours)
        shop.round(later)
        tool.troubles = []
    assert shop.round(DAY * 4)["failed"] == 1
    with shop.state() as state:
        assert "503" in str(state.dead()[0].problem)
    assert tool.events == []


def test_a_refused_key_is_said(shop: OutboundShop, tool: KlaviyoTool) -> None:
    tool.key = "another"
    with pytest.raises(NotAllowed, match="connect again"):
        shop.round()


def test_a_question_that_is_refused_ends_the_round(shop: OutboundShop, tool: KlaviyoTool) -> None:
    tool.troubles = [Trouble("GET", 400)]
    with pytest.raises(NotTaken, match="400"):
        shop.round()


def test_a_run_goes_on_where_it_stood(shop: OutboundShop, tool: KlaviyoTool) -> None:
    shop.round(goes_on=lambda: False)
    assert tool.fields == {}
    with shop.state() as state:
        assert state.noted("run")
    shop.round(timedelta(hours=1))
    assert list(tool.fields) == ["K-ann"]


def test_a_no_between_gathering_and_telling_counts(shop: OutboundShop, tool: KlaviyoTool) -> None:
    shop.listens()
    shop.hears("add_to_cart", "ann", timedelta(hours=2), product_id="pot")
    shop.ships("ann", 1)
    shop.round(goes_on=lambda: False)
    with shop.state() as state:
        assert state.waiting() == 2
    said = event("consent", at=datetime.now(UTC), customer_id="ann", properties={"email": False})
    ingest_sync(shop.client, [said], datetime.now(UTC), StoreSettings())  # the worker has not looked yet
    assert shop.round(timedelta(minutes=1))["events"] == 1
    assert [each["metric"]["data"]["attributes"]["name"] for _, each in tool.events] == [
        "Perennial Order Status"
    ]


def test_the_key_follows_no_link_to_another_server(shop: OutboundShop, tool: KlaviyoTool) -> None:
    with running(KlaviyoTool()) as stranger:
        own, tool.address = tool.address, stranger.address  # its pages link there
        shop.round()
        assert (stranger.calls, len(tool.of("GET", "/api/profiles"))) == ([], 2)
        tool.address = own
