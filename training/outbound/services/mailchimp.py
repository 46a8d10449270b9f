"""Mailchimp: merge fields, a tag, events and orders of an audience's members, by https://mailchimp.com/developer/marketing/api.

List members (`since_last_changed`), update a member, member tags, member events, merge fields, delete
permanently. Members go by their `contact_id`, never by their address. Up to 10 calls at once are allowed:
here is one. Events have no id there: one that was cut off on its way may count twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from features.connections.patience import Wait
from training.outbound.calls import Calls
from training.outbound.destination import ORDER, Contact, Message, NotAllowed, OrderData, Refused, Update
from training.outbound.fields import flat
from training.outbound.services.mailchimp_store import MailchimpStore

PAGE = 1_000
PICKS = 3  # an audience has 30 fields
LONGEST_FIELD, LONGEST_NAME = 255, 30
SUBSCRIBED = {"subscribed": True, "unsubscribed": False, "cleaned": False}
ADDRESS_ALONE = {"fields": "email_address"}
TAG = "perennial: "
NAMES = {  # at most ten characters
    "segment": "PNSEGMENT",
    "tier": "PNTIER",
    "currency": "PNCURRENCY",
    "value_365d": "PNVALUE",
    "next_order": "PNNEXT",
    **{
        f"pick{rank}_{part}": f"PNPICK{rank}{part[0].upper()}"
        for rank in (1, 2, 3)
        for part in ("title", "url")
    },
    **{f"pick{rank}_image": f"PNPICK{rank}I" for rank in (1, 2, 3)},
}
TYPES = {"value_365d": "number", "next_order": "date"}


class Mailchimp:
    batch, keeps_contacts = 1, True

    def __init__(self, settings: Mapping[str, Any], wait: Wait) -> None:
        """settings: `key`, which ends in the name of the data centre, `audience`, and `orders`: tell them."""
        centre = settings["key"].rpartition("-")[2]
        address = settings.get("api") or f"https://{centre}.api.mailchimp.com"
        headers = {"Content-Type": "application/json"}
        self._call = Calls(address, headers, per_second=8, wait=wait, auth=("perennial", settings["key"]))
        audience = settings.get("audience") or ""
        self._list, self._store = f"/3.0/lists/{audience}", MailchimpStore(self._call, audience)
        self.takes_orders = bool(settings.get("orders"))
        self.close = self._call.close

    def audiences(self) -> dict[str, str]:
        """Id -> name."""
        found = self._call(
            "GET", "/3.0/lists", has="lists", params={"count": 100, "fields": "lists.id,lists.name"}
        )
        return {each["id"]: each["name"] for each in found["lists"]}

    def prepare(self) -> str:
        """Fields that the audience does not have are refused there: make them, hidden from its forms."""
        try:
            audience = self._call("GET", self._list, has="id", params={"fields": "id,name"})
        except Refused as error:
            raise NotAllowed(f"the audience is not there ({error}): choose it with --audience") from error
        known = self._call("GET", f"{self._list}/merge-fields", has="merge_fields", params={"count": 100})[
            "merge_fields"
        ]
        tags = {each["tag"] for each in known}
        for name, tag in NAMES.items():
            if tag not in tags:
                field = {
                    "tag": tag,
                    "name": f"Perennial {name}",
                    "type": TYPES.get(name, "text"),
                    "public": False,
                }
                self._call("POST", f"{self._list}/merge-fields", field)
        return str(audience["id"])

    def people(self, since: datetime | None) -> Iterator[Sequence[Contact]]:
        fields = "members.contact_id,members.email_address,members.status"
        asked: dict[str, Any] = {"count": PAGE, "offset": 0, "fields": fields}
        if since:
            asked["since_last_changed"] = since.isoformat()
        while page := self._call("GET", f"{self._list}/members", has="members", params=asked)["members"]:
            yield [
                Contact(each["contact_id"], None, each["email_address"], SUBSCRIBED.get(each["status"]))
                for each in page
            ]
            asked["offset"] += PAGE

    def update(self, updates: Sequence[Update], run: str) -> Mapping[str, str]:  # noqa: ARG002
        refused = {}
        for each in updates:
            named = {NAMES[name]: value for name, value in flat(each.fields, PICKS).items() if name in NAMES}
            fields = {tag: v[:LONGEST_FIELD] if isinstance(v, str) else v for tag, v in named.items()}
            segment = each.fields.segment if each.fields else None
            try:
                if each.fields is None:
                    self._store.take_out(each.contact)
                self._call("PATCH", self._member(each.contact), {"merge_fields": fields})
                self._tag(each.contact, segment)
            except Refused as error:
                refused[each.customer_id] = str(error)
        return refused

    def tell(self, message: Message) -> None:
        """Properties are texts there. Raises Refused."""
        if message.kind == ORDER:
            order = msgspec.convert(message.data, OrderData)
            member = self._call(
                "GET", self._member(message.contact), has="email_address", params=ADDRESS_ALONE
            )
            self._store.put(order, message.at, message.contact, member["email_address"])
            return
        texts = {
            name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
            for name, value in message.data.items()
        }
        name = f"perennial_{message.kind}"[:LONGEST_NAME]
        event = {"name": name, "occurred_at": message.at.isoformat(), "properties": texts}
        self._call("POST", f"{self._member(message.contact)}/events", event)

    def erase(self, contact: str) -> None:
        self._store.take_out(contact)
        self._call("POST", f"{self._member(contact)}/actions/delete-permanent")

    def _tag(self, contact: str, segment: str | None) -> None:
        """The tag of this segment, and no other of ours."""
        known = self._call("GET", f"{self._member(contact)}/tags", has="tags", params={"count": 100})["tags"]
        wanted = {f"{TAG}{segment}"} if segment else set()
        ours = {each["name"] for each in known if each["name"].startswith(TAG)}
        if ours != wanted:
            tags = [{"name": name, "status": "active"} for name in wanted - ours]
            tags += [{"name": name, "status": "inactive"} for name in ours - wanted]
            self._call("POST", f"{self._member(contact)}/tags", {"tags": tags})

    def _member(self, contact: str) -> str:
        return f"{self._list}/members/{contact}"
