"""A shop's page with the widget on it, and the service it asks: real HTTP, answers set by the test."""

import json
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from api.process.widget_files import widget_files

CART = '<perennial-recs placement="cart" cart="A,B" add-to-cart="Add"><p>Our classics</p></perennial-recs>'
BELOW = '<p id="below">below</p>'


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


class Service(ThreadingHTTPServer):
    """A shop's page, the widget and the two routes it calls, over real HTTP on one port."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.body = CART + BELOW
        self.items = [product(name) for name in "CDEFGHIJ"]
        self.bundles: list[dict[str, Any]] = []
        self.experiment: dict[str, Any] | None = None
        self.questions: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.heard: list[str] = []
        self.answering = threading.Event()
        self.answering.set()

    def events_of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]


class Handler(BaseHTTPRequestHandler):
    server: Service
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        _, files = widget_files()
        name = self.path.rpartition("/")[2]
        if self.path.startswith("/widget") and name in files:
            return self._send(files[name].text, "text/javascript")
        if self.path.startswith("/v1/bundles"):
            self.server.heard.append(self.path)
            return self._send(json.dumps({"bundles": self.server.bundles}).encode(), "application/json")
        if self.path == "/shop.css":
            return self._send(b"perennial-recs { display: flow-root; min-height: 32rem }", "text/css")
        page = f"""<!doctype html><html lang="en-GB"><title>Shop</title><link rel="icon" href="data:,">
            <link rel="stylesheet" href="/shop.css">
            <script defer src="/widget.js" data-key="pk_test"></script>
            {self.server.body}"""
        return self._send(page.encode(), "text/html; charset=utf-8")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.heard.append(self.path)
        if self.path.startswith("/v1/events"):
            self.server.events.append({**body, "sent_as": self.headers["Content-Type"], "sent_to": self.path})
            return self._send(b'{"accepted": 1, "duplicates": 0, "rejected": []}', "application/json", 202)
        self.server.questions.append(body)
        self.server.answering.wait(20)
        answers = [self._answer(request["placement"]) for request in body["requests"]]
        return self._send(json.dumps({"answers": answers}).encode(), "application/json")

    def _answer(self, placement: str) -> dict[str, Any]:
        return {
            "recommendation_id": "r-77",
            "placement": placement,
            "heading": "Goes with your cart",
            "experiment": self.server.experiment,
            "degraded": False,
            "items": self.server.items,
        }

    def _send(self, body: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; connect-src *")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Tests need no access log."""

    def handle(self) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):  # the widget gives up on a slow service
            super().handle()
