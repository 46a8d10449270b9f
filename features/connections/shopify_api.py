"""Shopify's Admin GraphQL API, asked within its limits: a bucket of points, refilled by the second.

https://shopify.dev/docs/api/usage/limits (THROTTLED, `extensions.cost`, 429 with Retry-After).
"""

import json
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

VERSION = "2026-10"
ANSWER_S = 30.0
MOST_TRIES = 8  # in a row without an answer
LONGEST_WAIT_S = 60.0
BUSY = frozenset({429, 500, 502, 503, 504})
Json = dict[str, Any]


class ShopifyRefused(ValueError):
    """Shopify does not answer this, however often it is asked; the message says what to do."""


class TooCostly(ShopifyRefused):
    """The query is worth more points than one may be: ask for less at once."""


class ShopifyApi:
    """One shop's API. address: of the API, that of the shop by default; wait: seconds -> after them."""

    def __init__(
        self, shop: str, token: str, address: str | None = None, wait: Callable[[float], None] = time.sleep
    ) -> None:
        self._address = address or f"https://{shop}/admin/api/{VERSION}/graphql.json"
        self._token, self._wait = token, wait

    def ask(self, query: str, **variables: Any) -> Json:
        """The `data` of an answer. Waits while the bucket is empty and while Shopify is away.

        Raises ShopifyRefused.
        """
        failures = 0
        while failures < MOST_TRIES:
            try:
                answer = self._post({"query": query, "variables": variables})
            except HTTPError as error:
                with error:
                    _check_status(error.code)
                    after = error.headers.get("Retry-After")
                failures += 1
                self._wait(_seconds(after) or _pause(failures))
            except (OSError, HTTPException, ValueError):
                failures += 1
                self._wait(_pause(failures))
            else:
                codes = {(each.get("extensions") or {}).get("code") for each in answer.get("errors") or ()}
                if "THROTTLED" not in codes:
                    return _data(answer, codes)
                self._wait(_until_refilled(answer))
        raise ShopifyRefused("Shopify does not answer. What came so far is kept: say the same again later.")

    def _post(self, body: Json) -> Json:
        headers = {"Content-Type": "application/json", "X-Shopify-Access-Token": self._token}
        request = Request(self._address, json.dumps(body).encode(), headers)  # noqa: S310 - our own address
        with urlopen(request, timeout=ANSWER_S) as answer:  # noqa: S310
            decoded: Json = json.loads(answer.read())
        return decoded


def _check_status(status: int) -> None:
    """Raises ShopifyRefused where asking again is of no use."""
    if status in {401, 403}:
        raise ShopifyRefused("Shopify refuses the token: it needs read_orders and read_all_orders.")
    if status not in BUSY:
        raise ShopifyRefused(f"Shopify answers with status {status}: is the shop's domain right?")


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


def _pause(failures: int) -> float:
    return min(2.0**failures, LONGEST_WAIT_S)


def _seconds(text: str | None) -> float | None:
    try:
        return min(float(text), LONGEST_WAIT_S) if text else None
    except ValueError:
        return None
