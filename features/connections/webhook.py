"""What the webhooks of all services share: how one is signed, what its headers say, and what it asks for.

A service gives a `WebhookService`; `api/serving/webhooks.py` takes its deliveries by it.
"""

import hmac
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

Json = dict[str, Any]
Memo = Mapping[str, Any]
"""What we keep of a thing of the service between its webhooks, as JSON; {} of one that we have not met."""


class Delivery(NamedTuple):
    """What the headers say. delivery_id: the same when it is sent again; shop: who sends it, None where the
    service does not say; signature: base64 HMAC-SHA256 of the body."""

    topic: str
    delivery_id: str
    signature: str
    shop: str | None = None
    is_test: bool = False


class Work(NamedTuple):
    """What a webhook asks for.

    events: as `POST /v1/events` takes them. products: by any of their names, the fields of
    `PUT /v1/catalogue`. names: further name -> name of a product. memos: name of a thing -> what to keep of
    it. erase, export: names or e-mail addresses of customers. erase_shop: all customers are to be erased,
    where the shop was connected so. trouble: what somebody must look at.
    """

    events: Sequence[Json] = ()
    products: Mapping[str, Json] = {}
    names: Mapping[str, str] = {}
    memos: Mapping[str, Memo] = {}
    erase: Sequence[str] = ()
    export: Sequence[str] = ()
    erase_shop: bool = False
    trouble: str | None = None


class WebhookService(NamedTuple):
    """A service that sends webhooks.

    delivery: headers, by their names in lower case -> what they say; None where this is a mere ping.
    topics: those that mean something to us. about: topic and payload -> name of the thing whose memo
    `translate` needs, "" for none. translate: topic, payload, memo -> work; raises one of
    `payloads.UNREADABLE` for a payload that is not as documented.
    """

    delivery: Callable[[Mapping[str, str]], Delivery | None]
    topics: frozenset[str]
    about: Callable[[str, Any], str]
    translate: Callable[[str, Any, Memo], Work]


def is_signed(body: bytes, signature: str, secrets: Sequence[str]) -> bool:
    """Whether a signature is base64 HMAC-SHA256 of the body under one of the secrets: two while one replaces
    the other. Takes the same time whichever it is."""
    sent = signature.encode(errors="replace")
    matches = [hmac.compare_digest(signed(body, secret).encode(), sent) for secret in secrets if secret]
    return any(matches)


def signed(body: bytes, secret: str) -> str:
    """The signature of a body."""
    return b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()
