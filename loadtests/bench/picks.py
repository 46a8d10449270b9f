"""An e-mail batch: `POST /v1/picks`, a customer a line in and out, as one stream."""

import json
from collections.abc import Sequence
from http.client import HTTPConnection
from time import perf_counter
from typing import Any

from loadtests.bench.generator import Address

ROUTE = "/v1/picks"
K = 10


def has_route(address: Address) -> bool:
    """Whether this version of Perennial offers it."""
    line = HTTPConnection(*address, timeout=30)
    line.request("GET", "/openapi.json")
    offers = ROUTE in json.load(line.getresponse())["paths"]
    line.close()
    return offers


def picks_rate(address: Address, customers: Sequence[str], number: int) -> dict[str, Any] | str:
    """Customers a second, and how many were answered; "absent" where the route is missing."""
    if not has_route(address):
        return "absent"
    requested = [customers[index % len(customers)] for index in range(number)]
    body = "".join(json.dumps({"customer_id": customer, "k": K}) + "\n" for customer in requested)
    line = HTTPConnection(*address, timeout=300)
    headers = {"Authorization": "Bearer sk_demo", "Content-Type": "application/x-ndjson"}
    began, answered, first_s = perf_counter(), 0, 0.0
    line.request("POST", f"{ROUTE}?k={K}", iter([body.encode()]), headers, encode_chunked=True)
    answer = line.getresponse()
    if answer.status != 200:
        return f"status {answer.status}: {answer.read(200).decode(errors='replace')}"
    for _ in answer:
        first_s = first_s or perf_counter() - began
        answered += 1
    took = perf_counter() - began
    line.close()
    return {
        "customers_per_s": round(answered / took),
        "asked": number,
        "answered": answered,
        "k": K,
        "first_s": round(first_s, 3),
    }
