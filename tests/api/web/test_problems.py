"""Whatever is wrong with a request, on any route: one form of answer, without what was sent."""

import re

import httpx
import pytest
from fastapi.routing import APIRoute

from api.process.app import ROUTE_MODULES

WRONG = (
    "stage=Anna&for=Anna&token=&k=Anna&limit=Anna&revision=Anna&since=Anna&scale=Anna&days=Anna&as_of=Anna"
)


@pytest.mark.parametrize("name", ["Anna", "%00", "a%0Ab", "x" * 600])
def test_every_route_answers_a_bad_request_as_a_problem(http: httpx.Client, name: str) -> None:
    routes = [
        (method, each.path)
        for part in ROUTE_MODULES
        for each in part.router.routes
        if isinstance(each, APIRoute) and not each.path.endswith("/export")  # which a worker answers
        for method in each.methods or ()
    ]
    assert len(routes) > 50
    refused = set()
    for method, path in routes:
        address = f"{re.sub(r'{[^}]*}', name, path)}?{WRONG}"
        body = b'{"batch": [{"k": ' if method in {"POST", "PUT"} else None
        answer = http.request(method, address, content=body)
        if answer.status_code >= 400:
            refused.add(path)
            assert answer.headers["content-type"] == "application/problem+json", (method, path)
            if method != "HEAD":
                assert answer.json().keys() >= {"title", "status", "detail", "errors", "request_id"}
    assert len(refused) > 30


def test_a_parameter_that_the_framework_checks_is_refused_as_any_other(http: httpx.Client) -> None:
    answer = http.get("/v1/feeds/retargeting.csv?stage=Anna&for=Anna")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["detail"].startswith("stage: Input should be 'viewed', ")
    assert [each["field"] for each in answer.json()["errors"]] == ["stage", "for"]
    assert "Anna" not in answer.text
