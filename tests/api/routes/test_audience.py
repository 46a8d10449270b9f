"""`/v1/audience`: the likeliest buyers who may be told.

Covers api/serving/audience.py, too.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from small_customers import bundle_with_customers

from features.home import Home

from bundles import write_small


@pytest.fixture
def served_home(tmp_path: Path) -> Home:
    """ann, of DE, agreed to e-mails; of bob nothing is known."""
    home = Home(tmp_path / "shop")
    write_small(home.models, bundle_of=bundle_with_customers)
    return home


def ask(http: httpx.Client, **fields: Any) -> Any:
    answer = http.post("/v1/audience", json={"products": ["tea"], **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


def names(answer: Any) -> list[str]:
    return [each["customer_id"] for each in answer["customers"]]


def test_the_likeliest_first_with_reasons(http: httpx.Client) -> None:
    answer = ask(http, consent="any")
    assert names(answer) == ["ann", "bob"]
    assert answer["customers"][0]["score"] == 1
    assert answer["customers"][0]["reason"] == {"code": "bought_before", "evidence": {"orders": 4}}
    assert names(ask(http, consent="any", k=1)) == ["ann"]
    assert names(ask(http, consent="any", buyers=False)) == ["bob"]
    assert names(ask(http, consent="any", countries=["de"])) == ["ann"]
    assert ask(http, products=["tea", "no such"])["unknown"] == ["no such"]


def test_consent_goes_by_the_last_word(http: httpx.Client) -> None:
    assert (names(ask(http)), ask(http)["without_consent"]) == (["ann"], 1)
    assert names(ask(http, consent="opt_out")) == ["ann", "bob"]
    assert names(ask(http, channel="sms")) == []
    for customer, channel, given in (("ann", "email", False), ("bob", "all", True)):
        event = {"type": "consent", "customer_id": customer, "properties": {channel: given}}
        assert http.post("/v1/events", json=event).json()["accepted"] == 1
    assert names(ask(http)) == names(ask(http, channel="sms")) == ["bob"]
    assert names(ask(http, consent="opt_out")) == ["bob"]


def test_who_said_no_to_profiling_is_left_out(http: httpx.Client) -> None:
    event = {"type": "consent", "customer_id": "ann", "properties": {"profiling": False}}
    assert http.post("/v1/events", json=event).json()["accepted"] == 1
    assert names(ask(http, consent="any")) == ["bob"]


def test_who_was_erased_is_nobody(http: httpx.Client) -> None:
    assert http.delete("/v1/customers/ann").status_code in (200, 202)
    assert names(ask(http, consent="any")) == ["bob"]


@pytest.mark.parametrize(
    "body", [{}, {"products": []}, {"products": ["tea"], "k": 0}, {"products": ["tea"], "consent": "no"}]
)
def test_a_wrong_question_is_a_problem(http: httpx.Client, body: dict[str, Any]) -> None:
    assert http.post("/v1/audience", json=body).status_code == 422
    public = {"Authorization": "Bearer pk_demo"}
    assert http.post("/v1/audience", json={"products": ["tea"]}, headers=public).status_code == 403


def test_who_has_bought_it_since_training_is_left_out(http: httpx.Client) -> None:
    def buys(customer: str, product: str, at: datetime, order: str) -> None:
        lines = {"order_id": order, "items": [{"product_id": product, "quantity": 1, "unit_price": 5}]}
        event = {"type": "purchase", "customer_id": customer, "timestamp": at.isoformat(), "order": lines}
        assert http.post("/v1/events", json=event).json()["accepted"] == 1

    now = datetime.now(UTC)
    buys("bob", "pot", now, "o-1")
    assert names(ask(http, consent="any")) == ["ann", "bob"]
    buys("ann", "tea", now, "o-2")
    answer = ask(http, consent="any")
    assert (names(answer), answer["bought_since"], answer["without_consent"]) == (["bob"], 1, 0)
    assert names(ask(http, consent="any", products=["kettle"])) == ["bob", "ann"]
    assert names(ask(http, consent="any", products=["kettle", "tea"])) == ["bob"]
    assert ask(http, consent="opt_in")["bought_since"] == 1
