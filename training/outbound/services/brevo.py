"""Brevo: attributes of contacts and custom events, by https://developers.brevo.com/reference.

Get all contacts (`modifiedSince`), Update multiple contacts (each by its `id`), Create an event, Create a
contact attribute, Delete a contact, limit headers (429 with x-sib-ratelimit-reset). Events have no id there:
one that was cut off on its way may count twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from features.connections.patience import Wait
from training.outbound.calls import Calls
from training.outbound.destination import Contact, Message, Refused, Update
from training.outbound.fields import flat

ADDRESS = "https://api.brevo.com"
PAGE = 1_000
TYPES = {
    name: "date" if "order" in name else "float" if "value" in name or "price" in name else "text"
    for name in flat(None)
}


class Brevo:
    batch, keeps_contacts, takes_orders = 100, True, False

    def __init__(self, settings: Mapping[str, Any], wait: Wait) -> None:
        headers = {
            "api-key": settings["key"],
            "Accept": "application/json",
            "Content-Type": "application/json",
        }
        self._call = Calls(settings.get("api") or ADDRESS, headers, per_second=8, wait=wait)
        self.close = self._call.close

    def prepare(self) -> str:
        """Attributes that it does not know are ignored there: make them."""
        account = self._call("GET", "/v3/account", has="email")
        known = {
            each["name"]
            for each in self._call("GET", "/v3/contacts/attributes", has="attributes")["attributes"]
        }
        for name, kind in TYPES.items():
            if _attribute(name) not in known:
                self._call("POST", f"/v3/contacts/attributes/normal/{_attribute(name)}", {"type": kind})
        return str(account["email"])

    def people(self, since: datetime | None) -> Iterator[Sequence[Contact]]:
        asked: dict[str, Any] = {"limit": PAGE, "offset": 0, "sort": "asc"}
        if since:
            asked["modifiedSince"] = f"{since:%Y-%m-%dT%H:%M:%S.000Z}"
        while page := self._call("GET", "/v3/contacts", has="contacts", params=asked)["contacts"]:
            yield [_contact(each) for each in page]
            asked["offset"] += PAGE

    def update(self, updates: Sequence[Update], run: str) -> Mapping[str, str]:
        """One that is wrong spoils the call: then each goes on its own."""
        contacts = [
            {"id": int(each.contact), "attributes": {_attribute(n): v for n, v in flat(each.fields).items()}}
            for each in updates
        ]
        try:
            self._call("POST", "/v3/contacts/batch", {"contacts": contacts})
        except Refused as error:
            if len(updates) == 1:
                return {updates[0].customer_id: str(error)}
            return {name: why for each in updates for name, why in self.update([each], run).items()}
        return {}

    def tell(self, message: Message) -> None:
        event = {
            "event_name": f"perennial_{message.kind}",
            "event_date": message.at.isoformat(),
            "identifiers": {"contact_id": int(message.contact)},
            "event_properties": message.data,
        }
        self._call("POST", "/v3/events", event)

    def erase(self, contact: str) -> None:
        self._call("DELETE", f"/v3/contacts/{contact}", params={"identifierType": "contact_id"})


def _contact(contact: Mapping[str, Any]) -> Contact:
    attributes = contact.get("attributes") or {}
    external = contact.get("ext_id") or attributes.get("EXT_ID")
    # A contact that is on no list was never asked; one that is blocked has said no.
    subscribed = False if contact.get("emailBlacklisted") else True if contact.get("listIds") else None
    return Contact(str(contact["id"]), external and str(external), contact.get("email"), subscribed)


def _attribute(name: str) -> str:
    return f"PERENNIAL_{name.upper()}"
