"""E-mail picks as a sending tool asks for them. Covers api/routes/picks.py, too."""

import json
from collections.abc import Iterator
from typing import Any, get_args

import httpx
import msgspec
import pytest
import redis

from api.schemas.recommendations import PicksAnswer
from features.store.settings import StoreSettings
from recommender.context.campaigns import Campaign

SECRET = {"Authorization": "Bearer sk_demo"}


def one(http: httpx.Client, customer: str = "ann", **query: Any) -> PicksAnswer:
    answer = http.get(f"/v1/customers/{customer}/picks", params=query, headers=SECRET)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=PicksAnswer)


def many(http: httpx.Client, body: bytes | Iterator[bytes], **query: Any) -> list[PicksAnswer]:
    answer = http.post("/v1/picks", content=body, params=query, headers=SECRET)
    assert answer.status_code == 200, answer.text
    return [msgspec.json.decode(line, type=PicksAnswer) for line in answer.content.splitlines()]


def shown(answer: PicksAnswer) -> list[str]:
    return [item.product_id for item in answer.items]


@pytest.mark.parametrize("campaign", get_args(Campaign))
@pytest.mark.parametrize("customer", ["ann", "nobody"])
def test_every_campaign_answers_everybody_with_reasons(
    http: httpx.Client, campaign: str, customer: str
) -> None:
    answer = one(http, customer, campaign=campaign, k=3)
    assert (answer.customer_id, answer.campaign, answer.error) == (customer, campaign, None)
    assert len(set(shown(answer))) == 3
    assert all(item.reason.text and item.title for item in answer.items)


def test_a_campaign_has_its_own_list_and_repeats_can_be_asked_for(http: httpx.Client) -> None:
    letters = {
        campaign: shown(one(http, "ann", campaign=campaign, k=2, preview=True))
        for campaign in ("reorder", "newsletter", "win_back")
    }
    assert set(letters["reorder"]) == {"tea", "mug"}
    assert not {"tea", "mug"} & {*letters["newsletter"], *letters["win_back"]}
    (answer,) = many(http, b'{"customer_id": "ann", "repeats": 1, "k": 2, "preview": true}')
    assert (set(shown(answer)), answer.placement) == ({"tea", "mug"}, "email")


def test_what_was_bought_rests_as_long_as_asked(http: httpx.Client) -> None:
    letters = [
        shown(one(http, "ann", campaign="reorder", k=2, rest_days=days, preview=True)) for days in (0, 60)
    ]
    assert set(letters[0]) == {"tea", "mug"}
    assert "tea" not in letters[1]  # bought 25 days ago; the mug 100
    (kept,) = many(http, b'{"customer_id": "ann", "k": 2, "preview": true}', campaign="reorder", rest_days=60)
    assert shown(kept) == letters[1]


def test_the_next_email_names_other_products_while_there_are_any(http: httpx.Client) -> None:
    first, second = one(http, k=3), one(http, k=3)
    assert not set(shown(first)) & set(shown(second))


def test_the_same_sending_asked_again_says_the_same(http: httpx.Client) -> None:
    first, again = one(http, k=3, send_id="week-47"), one(http, k=3, send_id="week-47")
    assert shown(first) == shown(again)
    assert not set(shown(again)) & set(shown(one(http, k=3, send_id="week-48")))


def test_in_a_batch_each_gets_what_they_were_not_sent(http: httpx.Client) -> None:
    earlier = {customer: shown(one(http, customer, k=3)) for customer in ("ann", "bob")}
    ann, nobody, bob = many(http, b'{"customer_id": "ann"}\n{}\n{"customer_id": "bob"}', k=3)
    assert not set(shown(ann)) & set(earlier["ann"])
    assert not set(shown(bob)) & set(earlier["bob"])
    assert len(nobody.items) == 3


def test_a_customer_named_again_on_a_later_page_is_sent_other_products(http: httpx.Client) -> None:
    lines = [b'{"customer_id": "ann"}', *[b"{}"] * 64, b'{"customer_id": "ann"}']
    first, *_, again = many(http, b"\n".join(lines), k=3)
    assert not set(shown(first)) & set(shown(again))


def test_a_preview_is_not_a_sending(http: httpx.Client) -> None:
    assert shown(one(http, k=3, preview=True)) == shown(one(http, k=3))


def test_a_stream_answers_line_by_line_in_order(http: httpx.Client) -> None:
    customers = [f"c-{number}" for number in range(150)]
    lines = [json.dumps({"customer_id": customer, "k": 2}).encode() for customer in customers]

    def body() -> Iterator[bytes]:
        whole = b"\n".join(lines)
        for start in range(0, len(whole), 997):  # chunks end within lines
            yield whole[start : start + 997]

    answers = many(http, body(), campaign="win_back")
    assert [answer.customer_id for answer in answers] == customers
    assert {answer.campaign for answer in answers} == {"win_back"}
    assert {len(answer.items) for answer in answers} == {2}


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[1]",
        b'"text"',
        b'{"k": 0}',
        b'{"campaign": "spam"}',
        b'{"nonsense": 1}',
        b"\xff",
        b"x" * 30_000,
    ],
)
def test_a_line_that_cannot_be_read_is_answered_with_the_error(http: httpx.Client, line: bytes) -> None:
    first, bad, last = many(http, b'{"customer_id": "ann"}\n%b\n\n{"customer_id": "bob"}' % line)
    assert (first.customer_id, first.error, last.customer_id, last.error) == ("ann", None, "bob", None)
    assert bad.customer_id is None
    assert bad.error
    assert bad.items


def test_a_wrong_query_is_answered_with_the_error(http: httpx.Client) -> None:
    answer = one(http, campaign="spam")
    assert "spam" in (answer.error or "")
    assert answer.items


def test_picks_need_a_secret_key(http: httpx.Client) -> None:
    public = {"Authorization": "Bearer pk_demo"}
    for answer in (
        http.get("/v1/customers/ann/picks", headers=public),
        http.post("/v1/picks", content=b"{}", headers=public),
    ):
        assert answer.status_code == 403


def test_without_a_store_the_picks_come_from_the_model(
    http: httpx.Client, client: redis.Redis, settings: StoreSettings
) -> None:
    client.client_pause(settings.redis_batch_deadline_ms + 1_000)
    answer = one(http, k=3)
    assert (answer.degraded, answer.degraded_reasons, len(answer.items)) == (True, ["store_unavailable"], 3)


def test_reasons_are_in_the_language_asked_for(http: httpx.Client) -> None:
    answer = one(http, campaign="reorder", k=1, language="nl")
    assert answer.heading == "Tijd om aan te vullen?"
    assert answer.items[0].reason.text.startswith("Je kocht dit")
