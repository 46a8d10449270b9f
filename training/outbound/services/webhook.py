"""Webhooks to a server of the shop's, by https://www.standardwebhooks.com, specification 1.0.0.

`webhook-id` is the same at each try; `webhook-signature` is `v1,` and the base64 of the HMAC-SHA256 of
`id.timestamp.body`. Whatever is not 2xx is tried again; 410 says that nobody wants them any more.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from features.connections.patience import Wait
from training.outbound.calls import Calls
from training.outbound.destination import Contact, Message, NotAllowed, Refused, Unavailable, Update

SECRET_PREFIX, SECRET_BYTES = "whsec_", 32
GONE = "410"


class Webhook:
    batch, keeps_contacts, takes_orders = 20, False, False

    def __init__(self, settings: Mapping[str, Any], wait: Wait) -> None:
        """settings: `url`, and `secret` as `new_secret` makes it."""
        self._call = Calls("", {"Content-Type": "application/json"}, per_second=20, wait=wait)
        self._url, self._secret = settings["url"], settings["secret"]
        self.close = self._call.close

    def prepare(self) -> str:
        """Says hello, so that a wrong address is found at once."""
        self._send("perennial.connected", {}, datetime.now(UTC), secrets.token_hex(8))
        return str(self._url)

    def people(self, since: datetime | None) -> Iterator[Sequence[Contact]]:  # noqa: ARG002
        """Everybody goes by the shop's own id."""
        return iter(())

    def update(self, updates: Sequence[Update], run: str) -> Mapping[str, str]:
        data = {"customers": [{"customer_id": each.customer_id, "fields": each.fields} for each in updates]}
        self._send("customers.updated", data, datetime.now(UTC), run + msgspec.json.encode(data).decode())
        return {}

    def tell(self, message: Message) -> None:
        kind = "trigger.cancelled" if message.kind == "cancelled" else f"trigger.{message.kind}"
        self._send(kind, message.data, message.at, message.id)

    def erase(self, contact: str) -> None:
        self._send("customer.erased", {"customer_id": contact}, datetime.now(UTC), contact)

    def _send(self, kind: str, data: Mapping[str, Any], at: datetime, identity: str) -> None:
        """identity: what is the same at each try of the same message, and of no other."""
        body = msgspec.json.encode({"type": kind, "timestamp": at, "data": data})
        webhook_id = "msg_" + hashlib.blake2b(f"{kind} {identity}".encode(), digest_size=12).hexdigest()
        now = int(time.time())
        headers = {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(now),
            "webhook-signature": signature(self._secret, webhook_id, now, body),
        }
        try:
            self._call("POST", self._url, body, headers=headers)
        except (Refused, NotAllowed) as error:
            if str(error).startswith(GONE):
                raise NotAllowed("the address answers 410, gone: connect another") from error
            raise Unavailable(str(error)) from error


def new_secret() -> str:
    """For a new connection."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature(secret: str, webhook_id: str, timestamp: int, body: bytes) -> str:
    """timestamp: epoch s."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = hmac.digest(key, b"%b.%d.%b" % (webhook_id.encode(), timestamp, body), "sha256")
    return f"v1,{base64.b64encode(signed).decode()}"
