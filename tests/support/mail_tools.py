"""Small servers in the place of Klaviyo, Brevo, Mailchimp and a shop's webhook, which fail as they do."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from training.outbound.services.brevo import TYPES

Json = Any
ADDRESSES = {"ann": "Ann@shop.example", "bob": "bob@shop.example"}


class Call(NamedTuple):
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        return json.loads(self.body)


class Trouble(NamedTuple):
    """What happens to the next call of this method. status 0: the connection is cut; headers: of the answer;
    late: only after the call has had its effect; slow_s: before it is answered; half: the answer ends in its
    middle; endless: it drips until the caller is gone."""

    method: str
    status: int = 0
    headers: Mapping[str, str] = {}
    late: bool = False
    slow_s: float = 0.0
    half: bool = False
    endless: bool = False


class MailTool:
    """What a service knows. fields: contact -> its fields; events: as they count; troubles: to come."""

    key = "secret-us1"

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.troubles: list[Trouble] = []
        self.fields: dict[str, dict[str, Any]] = {}
        self.events: list[tuple[str, Json]] = []
        self.people: dict[str, dict[str, Any]] = {}
        self.answer: Json = {"detail": "trouble"}  # of a trouble with a status
        self.before: Callable[[Call], None] = lambda _: None
        self.address = ""

    def of(self, method: str, part: str) -> list[Call]:
        return [each for each in self.calls if each.method == method and part in each.path]

    def take(self, call: Call) -> tuple[int, Json]:
        """Status and answer."""
        raise NotImplementedError


class KlaviyoTool(MailTool):
    def take(self, call: Call) -> tuple[int, Json]:  # noqa: PLR0911
        if (
            call.headers.get("authorization") != f"Klaviyo-API-Key {self.key}"
            or "revision" not in call.headers
        ):
            return 401, {"errors": [{"detail": "Missing or invalid authorization scheme"}]}
        if call.path == "/api/accounts":
            return 200, {"data": [{"type": "account", "id": "AbC123"}]}
        if call.path == "/api/profiles":
            return 200, self._page(call)
        if call.path == "/api/profile-bulk-import-jobs":
            for each in call.json["data"]["attributes"]["profiles"]["data"]:
                self.fields.setdefault(each["id"], {}).update(each["attributes"]["properties"])
            return 202, {"data": {"type": "profile-bulk-import-job", "id": "job-1"}}
        if call.path.startswith("/api/profile-bulk-import-jobs/"):
            looks = len(self.of("GET", "/api/profile-bulk-import-jobs/"))
            status = "complete" if looks % 2 == 0 else "processing"
            return 200, {"data": {"attributes": {"status": status, "failed_count": 0}}}
        if call.path == "/api/events":
            event = call.json["data"]["attributes"]
            if event["unique_id"] not in {each["unique_id"] for _, each in self.events}:
                self.events.append((event["profile"]["data"]["id"], event))
            return 202, None
        return self._change(call)

    def _change(self, call: Call) -> tuple[int, Json]:
        if call.path == "/api/data-privacy-deletion-jobs":
            contact = call.json["data"]["attributes"]["profile"]["data"]["id"]
            self.people.pop(contact, None)
            self.fields.pop(contact, None)
            return 202, None
        for name in call.json["data"]["meta"]["patch_properties"]["unset"]:
            self.fields.get(call.path.rpartition("/")[2], {}).pop(name, None)
        return 200, {"data": {}}

    def _page(self, call: Call) -> Json:
        """One contact a page."""
        rank, contacts = int(call.query.get("page[cursor]", 0)), list(self.people.items())
        data = [
            {
                "type": "profile",
                "id": contact,
                "attributes": {
                    "email": each["email"],
                    "external_id": each.get("external_id"),
                    "subscriptions": {
                        "email": {"marketing": {"consent": each.get("consent", "NEVER_SUBSCRIBED")}}
                    },
                },
            }
            for contact, each in contacts[rank : rank + 1]
        ]
        more = (
            f"{self.address}/api/profiles?page%5Bcursor%5D={rank + 1}" if rank + 1 < len(contacts) else None
        )
        return {"data": data, "links": {"next": more}}


class BrevoTool(MailTool):
    def take(self, call: Call) -> tuple[int, Json]:  # noqa: PLR0911
        if call.headers.get("api-key") != self.key:
            return 401, {"code": "unauthorized", "message": "Key not found"}
        if call.path == "/v3/account":
            return 200, {"email": "owner@shop.example"}
        if call.path == "/v3/contacts/attributes":
            known = [name for name in TYPES if name not in {"value_365d", "next_order"}]
            return 200, {"attributes": [{"name": f"PERENNIAL_{name.upper()}"} for name in known]}
        if call.path.startswith("/v3/contacts/attributes/normal/"):
            return 201, None
        if call.path == "/v3/contacts":
            people = [
                {
                    "id": int(contact),
                    "email": each["email"],
                    "emailBlacklisted": False,
                    "listIds": each["lists"],
                }
                for contact, each in self.people.items()
            ]
            return 200, {"contacts": people[int(call.query["offset"]) :], "count": len(people)}
        if call.path == "/v3/contacts/batch":
            if wrong := [each for each in call.json["contacts"] if str(each["id"]) not in self.people]:
                return 400, {"code": "invalid_parameter", "message": f"no contact {wrong[0]['id']}"}
            for each in call.json["contacts"]:
                self.fields.setdefault(str(each["id"]), {}).update(each["attributes"])
            return 204, None
        if call.path == "/v3/events":
            self.events.append((str(call.json["identifiers"]["contact_id"]), call.json))
            return 204, None
        contact = call.path.rpartition("/")[2]
        self.fields.pop(contact, None)
        return (204, None) if self.people.pop(contact, None) else (404, {"code": "document_not_found"})


class MailchimpTool(MailTool):
    def __init__(self) -> None:
        super().__init__()
        self.tags: dict[str, set[str]] = {}
        self.store: dict[str, Any] = {}
        self.sold: dict[str, dict[str, Json]] = {"orders": {}, "products": {}, "customers": {}}

    def take(self, call: Call) -> tuple[int, Json]:  # noqa: PLR0911
        if not call.headers.get("authorization", "").startswith("Basic "):
            return 401, {"title": "API Key Invalid"}
        if call.path == "/3.0/lists":
            return 200, {"lists": [{"id": "aud1", "name": "Newsletter"}]}
        if call.path == "/3.0/lists/aud1":
            return 200, {"id": "aud1", "name": "Newsletter"}
        if call.path.startswith("/3.0/ecommerce/stores"):
            return self._shop(call, call.path.removeprefix("/3.0/ecommerce/stores"))
        rest = call.path.removeprefix("/3.0/lists/aud1/")
        if rest == "merge-fields":
            known = [{"tag": "FNAME"}, {"tag": "PNSEGMENT"}]
            return (200, {"merge_fields": known}) if call.method == "GET" else (200, call.json)
        if rest == "members":
            people = [
                {"contact_id": contact, "email_address": each["email"], "status": each["status"]}
                for contact, each in self.people.items()
            ]
            return 200, {"members": people[int(call.query["offset"]) :]}
        _, contact, *what = rest.split("/")
        if contact not in self.people:
            return 404, {"title": "Resource Not Found"}
        return self._of_member(call, contact, "/".join(what))

    def _of_member(self, call: Call, contact: str, what: str) -> tuple[int, Json]:
        if what == "tags" and call.method == "GET":
            return 200, {"tags": [{"id": 1, "name": name} for name in sorted(self.tags.get(contact, set()))]}
        if what == "tags":
            names = self.tags.setdefault(contact, set())
            for each in call.json["tags"]:
                names.add(each["name"]) if each["status"] == "active" else names.discard(each["name"])
        elif what == "events":
            self.events.append((contact, call.json))
        elif not what and call.method == "GET":
            return 200, {"email_address": self.people[contact]["email"]}
        elif what == "actions/delete-permanent":
            del self.people[contact]
            self.fields.pop(contact, None)
        else:
            self.fields.setdefault(contact, {}).update(call.json["merge_fields"])
            return 200, {"contact_id": contact}
        return 204, None

    def _shop(self, call: Call, path: str) -> tuple[int, Json]:  # noqa: PLR0911
        """Its e-commerce: a store's products come before the orders with them."""
        if not path:
            self.store = call.json
            return 200, self.store
        if not self.store or path.split("/")[1] != self.store["id"]:
            return 404, {"title": "Resource Not Found"}
        _, _, *rest = map(unquote, path.split("/"))
        if not rest:
            self.store |= call.json if call.method == "PATCH" else {}
            return 200, self.store
        kept = self.sold[rest[0]]
        if len(rest) == 1:
            ids = [name for name, each in kept.items() if each["customer"]["id"] == call.query["customer_id"]]
            return 200, {"orders": [{"id": name} for name in ids]}
        if call.method == "DELETE":
            return (204, None) if kept.pop(rest[1], None) else (404, {"title": "Resource Not Found"})
        lines = call.json.get("lines", ())
        if missing := [each for each in lines if each["product_id"] not in self.sold["products"]]:
            return 400, {"detail": f"no product {missing[0]['product_id']}"}
        kept[rest[1]] = call.json
        if lines:
            self.sold["customers"][call.json["customer"]["id"]] = call.json["customer"]
        return 200, call.json


class ShopServer(MailTool):
    """A shop's own server, which takes webhooks; each id counts once."""

    def take(self, call: Call) -> tuple[int, Json]:
        if call.headers["webhook-id"] not in {name for name, _ in self.events}:
            self.events.append((call.headers["webhook-id"], call.json))
        return 204, None


@contextmanager
def running(tool: MailTool) -> Iterator[MailTool]:
    """Serve it on a free port until the end."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(tool))
    tool.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield tool
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(tool: MailTool) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout, disable_nagle_algorithm = 20, True

        def answer(self) -> None:
            call = self._call()
            tool.calls.append(call)
            tool.before(call)
            trouble = next((each for each in tool.troubles if each.method == call.method), None)
            if trouble is None:
                self._send(*tool.take(call))
                return
            tool.troubles.remove(trouble)
            if trouble.late:
                tool.take(call)
            time.sleep(trouble.slow_s)
            self.close_connection = trouble.half or trouble.endless or not trouble.status
            if trouble.half or trouble.endless:
                self._begin(trouble)
            elif trouble.status:
                self._send(trouble.status, tool.answer, trouble.headers)

        def _begin(self, trouble: Trouble) -> None:
            """Half an answer, or one without end."""
            self.send_response(trouble.status)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(b'{"data": [')
                while trouble.endless:
                    self.wfile.write(b" ")
                    time.sleep(0.01)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def _call(self) -> Call:
            url = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(url.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            return Call(self.command, url.path, query, headers, body)

        def _send(self, status: int, answer: Json, headers: Mapping[str, str] | None = None) -> None:
            content = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    return Handler


@contextmanager
def klaviyo_of_everybody() -> Iterator[KlaviyoTool]:
    """One in which everybody of ADDRESSES is a profile."""
    klaviyo = KlaviyoTool()
    klaviyo.people = {f"K-{name}": {"email": address} for name, address in ADDRESSES.items()}
    with running(klaviyo):
        yield klaviyo
