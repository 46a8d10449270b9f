"""Shopify's Admin GraphQL API, asked within its limits: a bucket of points, refilled by the second.

https://shopify.dev/docs/api/usage/limits (THROTTLED, `extensions.cost`, 429 with Retry-After).
"""

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request

from features.connections.patience import LONGEST_WAIT_S, ServiceAway, Wait, ask_json

VERSION = "2026-10"
ANSWER_S = 30.0
Json = dict[str, Any]


class ShopifyRefused(ValueError):
    """Shopify does not answer this, however often it is asked; the message says what to do."""


class TooCostly(ShopifyRefused):
    """The query is worth more points than one may be: ask for less at once."""


class ShopifyApi:
    """One shop's API. address: of the API, that of the shop by default; wait: seconds -> after them."""

    def __init__(self, shop: str, token: str, address: str | None = None, wait: Wait = time.sleep) -> None:
        self._address = address or f"https://{shop}/admin/api/{VERSION}/graphql.json"
        self._token, self._wait = token, wait

    def ask(self, query: str, **variables: Any) -> Json:
        """The `data` of an answer. Waits while the bucket is empty and while Shopify is away.

        Raises ShopifyRefused.
        """
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"Content-Type": "application/json", "X-Shopify-Access-Token": self._token}
        request = Request(self._address, body, headers)  # noqa: S310 - our own address
        while True:
            try:
                answer, _ = ask_json(request, "Shopify", ANSWER_S, self._wait)
            except HTTPError as error:
                with error:
                    raise ShopifyRefused(_refusal(error.code)) from error
            except ServiceAway as error:
                raise ShopifyRefused(str(error)) from error
            codes = {(each.get("extensions") or {}).get("code") for each in answer.get("errors") or ()}
            if "THROTTLED" not in codes:
                return _data(answer, codes)
            self._wait(_until_refilled(answer))


def _refusal(status: int) -> str:
    if status in {401, 403}:
        return "Shopify refuses the token: it needs read_orders and read_all_orders."
    return f"Shopify answers with status {status}: is the shop's domain right?"


def _data(answer: Json, codes: set[str | None]) -> Json:
    if "MAX_COST_EXCEEDED" in codes:
        raise TooCostly("one query asks for too much at once")
    if answer.get("errors"):
        raise ShopifyRefused(f"Shopify answers: {answer['errors'][0].get('message')}")
    data: Json = answer["data"]
    return data


def _until_refilled(answer: Json) -> float:
    """Seconds until the bucket holds what the query costs."""
    cost: Mapping[str, Any] = (answer.get("extensions") or {}).get("cost") or {}
    status = cost.get("throttleStatus") or {}
    missing = float(cost.get("requestedQueryCost", 0)) - float(status.get("currentlyAvailable", 0))
    return min(max(missing / float(status.get("restoreRate") or 50), 1.0), LONGEST_WAIT_S)
