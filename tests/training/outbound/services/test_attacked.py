"""Every service with a server that misbehaves for good: the round ends, and nothing is lost."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import redis

from features.home import Home
from training.outbound.destination import NotTaken

from mail_tools import (
    ADDRESSES,
    BrevoTool,
    KlaviyoTool,
    MailchimpTool,
    MailTool,
    ShopServer,
    Trouble,
    running,
)
from outbound_shop import OutboundShop

METHODS = ("GET", "POST", "PUT", "PATCH")
SERVICES: Mapping[str, tuple[type[MailTool], Mapping[str, Any]]] = {
    "klaviyo": (KlaviyoTool, {"consent": "SUBSCRIBED"}),
    "brevo": (BrevoTool, {"lists": [3]}),
    "mailchimp": (MailchimpTool, {"status": "subscribed"}),
    "webhook": (ShopServer, {}),
}
MOODS: Mapping[str, tuple[Any, Any]] = {
    "401": ({"status": 401}, {"detail": "no"}),
    "an error with status 200": ({"status": 200}, {"error": "quota"}),
    "fields of another shape": (
        {"status": 200},
        {"data": [3], "contacts": [None], "members": {"a": 1}, "links": {}},
    ),
}


@pytest.fixture(params=SERVICES)
def serving(
    request: pytest.FixtureRequest, home: Home, client: redis.Redis
) -> Iterator[tuple[MailTool, OutboundShop]]:
    kind, known = SERVICES[request.param]
    with running(kind()) as tool:
        tool.people = {
            str(rank): {"email": address, **known} for rank, address in enumerate(ADDRESSES.values(), 1)
        }
        options = {"key": tool.key, "api": tool.address, "audience": "aud1"}
        options |= {"url": f"{tool.address}/hook", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
        yield tool, OutboundShop(home, client, request.param, options)


@pytest.mark.parametrize("mood", MOODS)
def test_a_server_that_misbehaves_stops_nothing_and_loses_nothing(
    serving: tuple[MailTool, OutboundShop], mood: str
) -> None:
    tool, shop = serving
    shop.listens()
    shop.ships("ann", 1)
    how, tool.answer = MOODS[mood]
    if shop.service == "webhook" and how["status"] == 200:
        pytest.skip("a shop's server says yes by its status alone")
    tool.troubles = [Trouble(method, **how) for method in METHODS for _ in range(60)]
    with pytest.raises(NotTaken):
        shop.attempt()
    assert len(tool.calls) <= 12
    assert tool.fields == {}
    assert tool.events == []
    tool.troubles = []
    shop.attempt(minutes=30)
    assert len(tool.events) >= 1
