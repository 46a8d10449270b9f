"""Klaviyo: custom properties of profiles and events of metrics, by https://developers.klaviyo.com.

Reference of revision 2026-10-15: Get Profiles, Bulk Import Profiles (10,000 profiles and 5 MB a job; null
clears nothing), Update Profile (`unset` clears), Create Event (of one `unique_id`, profile and metric the
first counts), Request Profile Deletion, rate limits (429 with Retry-After).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from features.connections.patience import Wait
from training.outbound.calls import Calls
from training.outbound.destination import Contact, Message, Refused, Unavailable, Update
from training.outbound.fields import CustomerFields, flat

ADDRESS, REVISION = "https://a.klaviyo.com", "2026-10-15"
MEDIA_TYPE = "application/vnd.api+json"
PROPERTIES = [*(f"perennial_{name}" for name in flat(None, 0)), "perennial_picks"]
FIRST_LOOK_S, LONGEST_S, LOOKS = 0.1, 5.0, 30  # after an import job; each pause is twice the last
ENDED = {"complete", "cancelled"}
Json = dict[str, Any]


class Klaviyo:
    batch, keeps_contacts, takes_orders = 1_000, True, False

    def __init__(self, settings: Mapping[str, Any], wait: Wait) -> None:
        headers = {"Authorization": f"Klaviyo-API-Key {settings['key']}", "revision": REVISION}
        headers |= {"Accept": MEDIA_TYPE, "Content-Type": MEDIA_TYPE}
        self._call = Calls(settings.get("api") or ADDRESS, headers, per_second=10, wait=wait)
        self._wait, self.close = wait, self._call.close

    def prepare(self) -> str:
        """Properties need no preparation."""
        (account,) = self._call("GET", "/api/accounts", has="data")["data"]
        return str(account["id"])

    def people(self, since: datetime | None) -> Iterator[Sequence[Contact]]:
        asked = {
            "fields[profile]": "email,external_id,subscriptions",
            "additional-fields[profile]": "subscriptions",
            "page[size]": "100",
        }
        if since:
            asked["filter"] = f"greater-than(updated,{since:%Y-%m-%dT%H:%M:%SZ})"
        page = self._call("GET", "/api/profiles", has="data", params=asked)
        while True:
            yield [_contact(each) for each in page["data"]]
            if not (further := (page.get("links") or {}).get("next")):
                return
            beyond = urlsplit(further)._replace(scheme="", netloc="")  # the key goes to nobody else
            page = self._call("GET", beyond.geturl(), has="data")

    def update(self, updates: Sequence[Update], run: str) -> Mapping[str, str]:  # noqa: ARG002
        refused = {
            each.customer_id: text for each in updates if not each.fields if (text := self._clear(each))
        }
        full = {each.contact: each for each in updates if each.fields}
        if not full:
            return refused
        profiles = [_profile(contact, _properties(each.fields)) for contact, each in full.items()]
        job = {"type": "profile-bulk-import-job", "attributes": {"profiles": {"data": profiles}}}
        begun = self._call("POST", "/api/profile-bulk-import-jobs", {"data": job}, has="data")
        for contact, problem in self._problems(begun["data"]["id"]):
            if contact in full:
                refused[full[contact].customer_id] = problem
        return refused

    def tell(self, message: Message) -> None:
        title = message.kind.replace("_", " ").title()
        event = {
            "unique_id": message.id,
            "time": message.at.isoformat(),
            "properties": message.data,
            "metric": {"data": {"type": "metric", "attributes": {"name": f"Perennial {title}"}}},
            "profile": {"data": {"type": "profile", "id": message.contact, "attributes": {}}},
        }
        self._call("POST", "/api/events", {"data": {"type": "event", "attributes": event}})

    def erase(self, contact: str) -> None:
        profile = {"data": {"type": "profile", "id": contact}}
        job = {"type": "data-privacy-deletion-job", "attributes": {"profile": profile}}
        self._call("POST", "/api/data-privacy-deletion-jobs", {"data": job})

    def _clear(self, update: Update) -> str:
        """Why it was refused, "" if it was not."""
        data = _profile(update.contact, {}) | {"meta": {"patch_properties": {"unset": PROPERTIES}}}
        try:
            self._call("PATCH", f"/api/profiles/{quote(update.contact)}", {"data": data})
        except Refused as error:
            return str(error)
        return ""

    def _problems(self, job: str) -> Iterator[tuple[str, str]]:
        """Contact and problem of each profile that a job could not take, once it has ended."""
        path = f"/api/profile-bulk-import-jobs/{job}"
        for look in range(LOOKS):
            state = self._call("GET", path, has="data")["data"]["attributes"]
            if state["status"] in ENDED:
                break
            self._wait(min(FIRST_LOOK_S * 2**look, LONGEST_S))
        else:
            raise Unavailable("an import job does not end")
        if state["status"] == "cancelled":
            raise Unavailable("an import job was cancelled")
        if state.get("failed_count"):
            for each in self._call("GET", f"{path}/import-errors", has="data")["data"]:
                attributes = each["attributes"]
                yield str((attributes.get("original_payload") or {}).get("id")), str(attributes.get("detail"))


def _contact(profile: Json) -> Contact:
    attributes = profile["attributes"]
    marketing = ((attributes.get("subscriptions") or {}).get("email") or {}).get("marketing") or {}
    subscribed = {"SUBSCRIBED": True, "UNSUBSCRIBED": False}.get(marketing.get("consent", ""))
    return Contact(profile["id"], attributes.get("external_id"), attributes.get("email"), subscribed)


def _profile(contact: str, properties: Mapping[str, Any]) -> Json:
    return {"type": "profile", "id": contact, "attributes": {"properties": properties}}


def _properties(fields: CustomerFields | None) -> Json:
    named: Json = {f"perennial_{name}": value for name, value in flat(fields, 0).items()}
    return named | {"perennial_picks": list(fields.picks) if fields else []}
