"""What each service must hold to: fields, events, erasure, and contacts by their addresses."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
import redis

from features.home import Home
from training.outbound.services.registry import open_service

from mail_tools import ADDRESSES, BrevoTool, KlaviyoTool, MailchimpTool, MailTool, Trouble, running
from outbound_shop import OutboundShop

Serving = Callable[[str], tuple[MailTool, OutboundShop]]


class Service(NamedTuple):
    """contacts: of `ann` and `bob`; more: what it knows of each; value, title: names of its fields."""

    tool: type[MailTool]
    contacts: tuple[str, str]
    more: Mapping[str, Any]
    options: Mapping[str, Any]
    value: str
    title: Callable[[Mapping[str, Any]], str]
    event: Callable[[Mapping[str, Any]], str]


SERVICES = {
    "klaviyo": Service(
        KlaviyoTool,
        ("K-ann", "K-bob"),
        {"consent": "SUBSCRIBED"},
        {},
        "perennial_value_365d",
        lambda fields: str(fields["perennial_picks"][0]["title"]),
        lambda event: str(event["metric"]["data"]["attributes"]["name"]),
    ),
    "brevo": Service(
        BrevoTool,
        ("11", "12"),
        {"lists": [3]},
        {},
        "PERENNIAL_VALUE_365D",
        lambda fields: str(fields["PERENNIAL_PICK1_TITLE"]),
        lambda event: str(event["event_name"]),
    ),
    "mailchimp": Service(
        MailchimpTool,
        ("m1", "m2"),
        {"status": "subscribed"},
        {"audience": "aud1"},
        "PNVALUE",
        lambda fields: str(fields["PNPICK1T"]),
        lambda event: str(event["name"]),
    ),
}
EVENTS = {
    "klaviyo": "Perennial Order Status",
    "brevo": "perennial_order_status",
    "mailchimp": "perennial_order_status",
}


@pytest.fixture
def serving(home: Home, client: redis.Redis) -> Iterator[Serving]:
    """A running service that has `ann` and `bob`, both subscribed, and a shop connected with it."""
    with ExitStack() as running_now:

        def serve(name: str) -> tuple[MailTool, OutboundShop]:
            service = SERVICES[name]
            tool = running_now.enter_context(running(service.tool()))
            pairs = zip(service.contacts, ADDRESSES.values(), strict=True)
            tool.people = {contact: {"email": address, **service.more} for contact, address in pairs}
            options = {"key": tool.key, "api": tool.address, **service.options}
            return tool, OutboundShop(home, client, name, options)

        yield serve


@pytest.mark.parametrize("name", SERVICES)
class TestMailTool:
    def test_fields_and_messages_arrive(self, serving: Serving, name: str) -> None:
        tool, shop = serving(name)
        shop.listens()
        shop.ships("ann", 1)
        assert shop.round() == {"customers": 2, "events": 1}
        ann, bob = SERVICES[name].contacts
        assert set(tool.fields) == {ann, bob}
        assert tool.fields[ann][SERVICES[name].value] > 0
        assert SERVICES[name].title(tool.fields[ann]) in {
            "Tea",
            "Mug",
            "Tin",
            "Spoon",
            "Cup",
            "Pot",
            "Kettle",
        }
        [(contact, event)] = tool.events
        assert (contact, SERVICES[name].event(event)) == (ann, EVENTS[name])

    def test_no_address_leaves_and_none_is_kept(self, serving: Serving, home: Home, name: str) -> None:
        tool, shop = serving(name)
        shop.round()
        sent = b"".join(call.body + call.path.encode() for call in tool.calls).lower()
        kept = b"".join(path.read_bytes() for path in home.root.rglob("*") if path.is_file()).lower()
        assert all(address.lower().encode() not in sent + kept for address in ADDRESSES.values())

    def test_what_is_cut_off_arrives_in_the_end(self, serving: Serving, name: str) -> None:
        tool, shop = serving(name)
        shop.listens()
        shop.ships("bob", 1)
        cut = [Trouble("POST"), Trouble("PATCH", late=True), Trouble("GET", 500), Trouble("POST", 500)]
        tool.troubles = [*cut, Trouble("POST", slow_s=0.05)]
        shop.round()
        assert [contact for contact, _ in tool.events] == [SERVICES[name].contacts[1]]
        assert set(tool.fields) == set(SERVICES[name].contacts)

    def test_who_withdraws_consent_has_no_fields(self, serving: Serving, name: str) -> None:
        tool, shop = serving(name)
        shop.round()
        shop.hears("consent", "ann", properties={"email": False})
        shop.round(timedelta(days=2))
        ann, bob = SERVICES[name].contacts
        assert not any(tool.fields[ann].values())
        assert tool.fields[bob][SERVICES[name].value] > 0

    def test_who_is_erased_is_erased_there(self, serving: Serving, name: str) -> None:
        tool, shop = serving(name)
        shop.round()
        with shop.state() as state:
            state.forget(["ann"])
        assert shop.round()["erased"] == 1
        bob = SERVICES[name].contacts[1]
        assert set(tool.people) == set(tool.fields) == {bob}
        assert shop.round(timedelta(hours=1)) == {}

    def test_preparing_it_twice_does_no_harm(self, serving: Serving, name: str) -> None:
        _, shop = serving(name)
        service = open_service(name, shop.options, shop.paused.append)
        assert service.prepare() == service.prepare()
        service.close()

    def test_a_contact_is_read_again_only_where_it_changed(self, serving: Serving, name: str) -> None:
        tool, shop = serving(name)
        shop.round()
        already = len(tool.calls)
        shop.round()
        further = [str(call.query) for call in tool.calls[already:] if call.query and call.method == "GET"]
        assert any("updated" in each or "modifiedSince" in each or "since_last" in each for each in further)


def test_brevo_says_which_contact_spoils_a_batch(serving: Serving) -> None:
    tool, shop = serving("brevo")
    shop.round(goes_on=lambda: False)  # has read who is there
    del tool.people["12"]
    assert shop.round(timedelta(hours=1)) == {"customers": 1, "failed": 1}
    with shop.state() as state:
        assert "no contact 12" in state.refused()["bob"]


def test_a_service_in_another_unit_is_waited_for(serving: Serving) -> None:
    tool, shop = serving("brevo")
    tool.troubles = [Trouble("POST", 429, {"x-sib-ratelimit-reset": "12"})]
    assert shop.round()["customers"] == 2
    assert 12.0 in shop.paused


def test_mailchimp_has_one_tag_of_ours(serving: Serving) -> None:
    tool, shop = serving("mailchimp")
    assert isinstance(tool, MailchimpTool)
    tool.tags = {"m1": {"perennial: long ago", "vip"}}
    shop.round()
    ours = {name for name in tool.tags["m1"] if name.startswith("perennial: ")}
    segment = tool.fields["m1"]["PNSEGMENT"]
    assert ours == ({f"perennial: {segment}"} if segment else set())
    assert "vip" in tool.tags["m1"]


def test_a_customer_whom_a_service_chokes_on_stops_no_other(serving: Serving) -> None:
    tool, shop = serving("mailchimp")
    tool.troubles = [Trouble("PATCH", 500)] * 4
    assert shop.round() == {"customers": 1, "failed": 1}
    assert set(tool.fields) == {"m2"}
    assert shop.round(timedelta(days=2))["customers"] >= 1
    assert set(tool.fields) == {"m1", "m2"}
