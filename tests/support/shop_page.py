"""A shop's page with the widget on it, and the service it asks: real HTTP, answers set by the test."""

import json
import socket
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from api.process.widget_files import widget_files

THEMES = Path(__file__).parent / "themes"
COPY = "/assets/shop.js"  # the widget's script in a file of the shop's
LOADED = '<script defer src="/widget.js" data-key="pk_test" data-timeout-ms="8000"></script>'
CART = '<perennial-recs placement="cart" cart="A,B" add-to-cart="Add"><p>Our classics</p></perennial-recs>'
BELOW = '<p id="below">below</p>'


def offer(ends_in: timedelta, **changes: Any) -> dict[str, Any]:
    """As `POST /v1/offers` answers it."""
    now = datetime.now(UTC)
    dates = {"decided_at": now.isoformat(), "expires_at": (now + ends_in).isoformat()}
    return (
        {"offer_id": "ten", "kind": "percentage", "discount": 10.0, "decision_id": "9b1c"} | dates | changes
    )


def product(product_id: str, **changes: Any) -> dict[str, Any]:
    reason = {"code": "bought_together", "text": "37 buyers also bought this", "evidence": {}}
    texts = {
        "title": f"Product {product_id}",
        "price": 12.75,
        "currency": "GBP",
        "url": f"/products/{product_id}",
    }
    return (
        {"product_id": product_id, "rank": 1, "score": 0.8, "source": "co_purchase", "reason": reason}
        | texts
        | changes
    )


PICTURE = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10">
<rect width="10" height="10" fill="#cfd8c8"/><circle cx="5" cy="5.5" r="2.6" fill="#5d7a4f"/></svg>"""


class Service(ThreadingHTTPServer):
    """A shop's page, the widget and the two routes it calls, over real HTTP on one port."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.body = CART + BELOW
        self.head, self.theme, self.scheme, self.status = LOADED, "", "", 200
        self.allowed_origin = ""
        self.items = [product(name) for name in "CDEFGHIJ"]
        self.bundles: list[dict[str, Any]] = []
        self.experiment: dict[str, Any] | None = None
        self.questions: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.heard: list[str] = []
        self.answering, self.sending_more = threading.Event(), threading.Event()
        self.answering.set()
        self.sending_more.set()

    def events_of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]


class Handler(BaseHTTPRequestHandler):
    server: Service
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        _, files = widget_files()
        name = "widget.js" if self.path == COPY else self.path.rpartition("/")[2]
        if self.path.startswith(("/widget", COPY)) and name in files:
            if name == "more.js":
                self.server.sending_more.wait(20)
            return self._send(files[name].text, "text/javascript")
        if self.path.startswith("/v1/bundles"):
            self.server.heard.append(self.path)
            return self._send(json.dumps({"bundles": self.server.bundles}).encode(), "application/json")
        if self.path.endswith(".css"):
            return self._send(self._styles(), "text/css")
        if self.path.startswith("/pictures/broken"):
            return self._send(b"", "text/plain", 404)
        if self.path.startswith("/pictures/"):
            return self._send(PICTURE, "image/svg+xml")
        return self._send(self._page().encode(), "text/html; charset=utf-8")

    def _page(self) -> str:
        server = self.server
        body = (THEMES / f"{server.theme}.html").read_text() if server.theme else server.body
        for name, text in {
            "scheme": server.scheme,
            "offer": json.dumps(offer(timedelta(hours=30))),
        }.items():
            body = body.replace(f"{{{name}}}", text)
        return f"""<!doctype html><html lang="en-GB"><meta charset="utf-8"><title>Shop</title>
            <meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
            <link rel="stylesheet" href="/shop.css">{server.head}{body}"""

    def _styles(self) -> bytes:
        if self.server.theme:
            return (THEMES / f"{self.server.theme}.css").read_bytes()
        return b"perennial-recs { display: flow-root; margin: 0; min-height: 32rem }"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.heard.append(self.path)
        if self.path.startswith("/v1/events"):
            self.server.events.append({**body, "sent_as": self.headers["Content-Type"], "sent_to": self.path})
            return self._send(b'{"accepted": 1, "duplicates": 0, "rejected": []}', "application/json", 202)
        self.server.questions.append(body)
        self.server.answering.wait(20)
        answers = [self._answer(request["placement"]) for request in body["requests"]]
        if self.server.status != 200:
            refusal = {"status": self.server.status, "detail": "This key is not known, or revoked."}
            return self._send(json.dumps(refusal).encode(), "application/problem+json", self.server.status)
        return self._send(json.dumps({"answers": answers}).encode(), "application/json")

    def _answer(self, placement: str) -> dict[str, Any]:
        return {
            "recommendation_id": "r-77",
            "placement": placement,
            "heading": "Goes with your cart" if placement == "cart" else f"What is {placement}",
            "experiment": self.server.experiment,
            "degraded": False,
            "items": self.server.items,
        }

    def _send(self, body: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; connect-src *")
        if self.server.allowed_origin:
            self.send_header("Access-Control-Allow-Origin", self.server.allowed_origin)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Tests need no access log."""

    def handle(self) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # the widget gives up on a slow service
            super().handle()


def unused_address() -> str:
    """Where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def wait_for_event(page: Page, service: Service, kind: str) -> dict[str, Any]:
    for _ in range(200):
        if found := service.events_of(kind):
            return found[0]
        page.wait_for_timeout(25)
    raise AssertionError(f"no {kind} event came; heard {service.heard}")


def is_state(page: Page, state: str) -> None:
    expect(page.locator("perennial-recs").first).to_have_attribute("state", state)
