"""The console as somebody who is signed in sees it, over real HTTP."""

from collections.abc import Iterator

import httpx
import pytest

from serving import NO_CERTIFICATES


@pytest.fixture
def visitor(url: str) -> Iterator[httpx.Client]:
    """A browser without a session, that asks for English."""
    headers = {"Accept-Language": "en-GB"}
    with httpx.Client(base_url=url, headers=headers, timeout=10.0, verify=NO_CERTIFICATES) as client:
        yield client


@pytest.fixture
def console(visitor: httpx.Client) -> httpx.Client:
    """A browser that is signed in with the demo's secret key."""
    signed_in = visitor.post("/console/sign-in", data={"secret": "sk_demo"})
    assert signed_in.status_code == 303
    return visitor
