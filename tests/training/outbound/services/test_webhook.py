"""Webhooks by the Standard Webhooks specification: signed, the same id at each try, tried over days."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis

from features.home import Home
from training.outbound.destination import NotAllowed, Unavailable
from training.outbound.services.webhook import new_secret, signature

from mail_tools import Call, ShopServer, Trouble, running
from outbound_shop import OutboundShop

SECRET = new_secret()
DAY = timedelta(days=1)


@pytest.fixture
def tool() -> Iterator[ShopServer]:
    with running(ShopServer()) as server:
        assert isinstance(server, ShopServer)
        yield server


@pytest.fixture
def shop(home: Home, client: redis.Redis, tool: ShopServer) -> OutboundShop:
    return OutboundShop(home, client, "webhook", {"url": f"{tool.address}/hook", "secret": SECRET})


def is_signed(call: Call) -> bool:
    """As a receiver checks it, by the specification alone."""
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signed = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}.".encode() + call.body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return call.headers["webhook-signature"] == f"v1,{expected}"


def test_the_signature_is_that_of_the_specification() -> None:
    """The example of the specification's reference libraries."""
    body = b'{"test": 2432232314}'
    signed = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_customers_and_messages_arrive_signed(shop: OutboundShop, tool: ShopServer) -> None:
    shop.listens()
    shop.ships("bob", 1)
    assert shop.round() == {"events": 1, "customers": 1, "skipped: no consent": 1}
    assert all(map(is_signed, tool.calls))
    (_, message), (_, update) = tool.events
    assert (message["type"], message["data"]["customer_id"]) == ("trigger.order_status", "bob")
    assert update["type"] == "customers.updated"
    [customer] = update["data"]["customers"]
    assert customer["customer_id"] == "ann"
    assert customer["fields"]["picks"][0]["title"]


@pytest.mark.parametrize("trouble", [Trouble("POST", 500, late=True), Trouble("POST", late=True)])
def test_a_try_that_arrived_unanswered_has_the_same_id(
    shop: OutboundShop, tool: ShopServer, trouble: Trouble
) -> None:
    shop.listens()
    shop.ships("bob", 1)
    tool.troubles = [trouble]
    shop.round()
    ids = [call.headers["webhook-id"] for call in tool.calls]
    assert len(ids) == 3
    assert len(set(ids)) == len(tool.events) == 2


@pytest.mark.parametrize("status", [302, 401, 404, 500])
def test_whatever_is_not_taken_is_tried_over_days(shop: OutboundShop, tool: ShopServer, status: int) -> None:
    shop.listens()
    shop.ships("bob", 1)
    tool.troubles = [Trouble("POST", status)] * 1_000
    for hours in range(0, 60, 6):
        with pytest.raises(Unavailable):
            shop.round(timedelta(hours=hours))
    tool.troubles = []
    assert shop.round(timedelta(hours=60))["events"] == 1


def test_an_address_that_is_gone_is_left_alone(shop: OutboundShop, tool: ShopServer) -> None:
    tool.troubles = [Trouble("POST", 410)]
    with pytest.raises(NotAllowed, match="410"):
        shop.round()


def test_who_is_erased_is_named_to_the_server(shop: OutboundShop, tool: ShopServer) -> None:
    shop.round()
    with shop.state() as state:
        state.forget(["ann", "bob"])
    assert shop.round()["erased"] == 1
    assert tool.events[-1][1]["type"] == "customer.erased"
    assert tool.events[-1][1]["data"] == {"customer_id": "ann"}


def test_fields_that_return_to_what_they_were_are_new(shop: OutboundShop, tool: ShopServer) -> None:
    shop.round()
    shop.hears("consent", "ann", properties={"email": False})
    shop.round(2 * DAY)
    shop.hears("consent", "ann", properties={"email": True})
    shop.round(4 * DAY)
    assert [bool(body["data"]["customers"][0]["fields"]) for _, body in tool.events] == [True, False, True]
