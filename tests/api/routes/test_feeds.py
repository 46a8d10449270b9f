"""Feeds as ad platforms and mailing tools fetch them. Covers api/serving/feeds.py, feed_tokens.py, too."""

import csv
import gzip
import io
import json

import httpx
import pytest
import redis

from api.web.settings import ApiSettings
from features.connections.audience_file import Member, write_audience
from features.connections.feed_tokens import feed_secret, feed_token
from features.connections.settings_file import save_connection
from features.home import Home
from features.store import keys

from serving import NO_CERTIFICATES

PRODUCTS = [
    {"product_id": "kettle", "title": 'Kettle, 1.7 l "steel"', "url": "/kettle", "price": 30.0},
    {"product_id": "mug", "title": '"Mug"\tblue', "url": "/mug", "price": 8.0, "stock": 0},
    {"product_id": "tea", "title": "Tea", "url": "https://tea.example/tea", "price": 5.0},
    {"product_id": "pot", "title": "Pot", "price": 20.0, "url": "/pot", "retired": True},
]


@pytest.fixture
def api_settings() -> ApiSettings:
    return ApiSettings(watch_interval_ms=20, drain_s=1, shop_url="https://shop.example/")


@pytest.fixture
def fetched(http: httpx.Client, served_home: Home, url: str) -> httpx.Client:
    """A platform: it has no key, and follows addresses."""
    told = http.put(
        "/v1/catalogue", json={"products": [each | {"currency": "EUR"} for each in PRODUCTS]}
    ).json()
    assert told["rejected"] == {}
    return httpx.Client(base_url=url, timeout=10, verify=NO_CERTIFICATES)


def address(home: Home, feed: str) -> str:
    return f"/v1/feeds/{feed}?token={feed_token(feed_secret(home), feed)}"


def test_googles_file_has_a_row_a_product_that_can_be_bought(
    fetched: httpx.Client, served_home: Home
) -> None:
    with fetched:
        answer = fetched.get(address(served_home, "merchant.tsv"))
    assert answer.headers["content-type"].startswith("text/tab-separated-values")
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(answer.text), delimiter="\t")}
    assert rows["kettle"]["title"] == 'Kettle, 1.7 l "steel"'
    assert rows["kettle"]["link"] == "https://shop.example/kettle"
    assert rows["kettle"]["price"] == "30.00 EUR"
    assert rows["mug"]["title"] == '"Mug" blue'
    assert (rows["mug"]["availability"], rows["tea"]["availability"]) == ("out_of_stock", "in_stock")
    assert rows["tea"]["link"] == "https://tea.example/tea"
    assert "pot" not in rows
    assert {rows["tea"][f"custom_label_{n}"] for n in range(5)} >= {"margin_unknown"}


def test_metas_file_is_the_same_in_its_words(fetched: httpx.Client, served_home: Home) -> None:
    with fetched:
        answer = fetched.get(address(served_home, "meta.csv"))
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(answer.text))}
    assert rows["kettle"]["title"] == 'Kettle, 1.7 l "steel"'
    assert rows["mug"]["availability"] == "out of stock"


def test_klaviyos_list_is_what_can_be_sold_now(fetched: httpx.Client, served_home: Home) -> None:
    with fetched:
        items = fetched.get(address(served_home, "klaviyo.json")).json()
    ids = [each["id"] for each in items]
    assert {"kettle", "tea"} <= set(ids)
    assert not {"mug", "pot"} & set(ids)
    assert len(json.dumps(items)) < 3_300_000


def test_a_feed_that_stayed_as_it_is_is_not_sent_again(
    fetched: httpx.Client, http: httpx.Client, served_home: Home
) -> None:
    place = address(served_home, "meta.csv")
    with fetched:
        first = fetched.get(place)
        known = {"If-None-Match": first.headers["etag"]}
        assert fetched.get(place, headers=known).status_code == 304
        assert fetched.head(place).headers["etag"] == first.headers["etag"]
        http.put("/v1/catalogue", json={"products": [{"product_id": "tea", "price": 6.0}]})
        again = fetched.get(place, headers=known)
    assert again.status_code == 200
    assert "6.00 EUR" in again.text


def test_it_is_packed_where_that_is_asked_for(fetched: httpx.Client, served_home: Home) -> None:
    with fetched, fetched.stream("GET", address(served_home, "meta.csv")) as answer:
        packed = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed).startswith(b"id,title,")


def test_it_is_plain_where_packing_is_refused(fetched: httpx.Client, served_home: Home) -> None:
    with fetched:
        for refused in ("gzip;q=0", "identity, gzip; q=0.0", "br"):
            answer = fetched.get(address(served_home, "meta.csv"), headers={"Accept-Encoding": refused})
            assert "content-encoding" not in answer.headers
            assert answer.text.startswith("id,title")


def test_a_proxys_way_of_asking_for_news_is_understood(fetched: httpx.Client, served_home: Home) -> None:
    with fetched:
        where = address(served_home, "meta.csv")
        tag = fetched.head(where).headers["etag"]
        for known in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
            assert fetched.get(where, headers={"If-None-Match": known}).status_code == 304
        assert fetched.get(where, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_token_opens_its_own_feed_until_it_is_renewed(
    fetched: httpx.Client, http: httpx.Client, served_home: Home
) -> None:
    place = address(served_home, "meta.csv")
    with fetched:
        assert fetched.get("/v1/feeds/meta.csv").status_code == 401
        assert fetched.get(place.replace("meta.csv", "merchant.tsv")).status_code == 401
        assert fetched.get("/v1/feeds/meta.csv?token=%ff").status_code == 401
        assert fetched.get("/v1/feeds/meta.csv", auth=("sk_demo", "")).status_code == 200
        assert fetched.get("/v1/feeds/meta.csv", auth=("pk_demo", "")).status_code == 403
        feed_secret(served_home, renew=True)
        assert fetched.get(place).status_code == 401
    assert http.get("/v1/feeds/other.csv").status_code == 404


def test_a_damaged_secret_of_feeds_opens_none_until_it_is_renewed(
    fetched: httpx.Client, served_home: Home
) -> None:
    with fetched:
        for settings in ({}, {"secret": "zz"}, {"secret": "ab"}):
            save_connection(served_home, "feeds", settings)
            assert fetched.get("/v1/feeds/meta.csv?token=abc").status_code == 503
        feed_secret(served_home, renew=True)
        assert fetched.get(address(served_home, "meta.csv")).status_code == 200


def test_the_audience_is_handed_out_as_it_was_written_last(fetched: httpx.Client, served_home: Home) -> None:
    path = address(served_home, "retargeting.csv")
    with fetched:
        assert fetched.get(path).status_code == 503
        write_audience(served_home, [Member("e" * 64, "i" * 64, 5.0, "carted", ("tea", "mug"))])
        answer = fetched.get(f"{path}&stage=carted")
        assert answer.text.splitlines()[1] == f"{'e' * 64},{'i' * 64},5.00,carted,tea|mug"
        assert int(answer.headers["x-feed-age"]) < 600
        same = fetched.get(f"{path}&stage=carted", headers={"If-None-Match": answer.headers["etag"]})
        assert (same.status_code, fetched.get(f"{path}&stage=viewed").text.count("\n")) == (304, 1)
        assert fetched.get(f"{path}&for=google").text == f"Email\n{'e' * 64}\n"
        assert fetched.get(f"{path}&stage=asleep").status_code == 422
        assert fetched.get(address(served_home, "meta.csv").replace("meta", "retargeting")).status_code == 401
        assert fetched.get("/v1/feeds/retargeting.csv").status_code == 401


def test_a_stage_that_there_is_not_is_a_problem_like_others(fetched: httpx.Client) -> None:
    with fetched:
        answer = fetched.get("/v1/feeds/retargeting.csv?token=x&stage=secretly")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert [each["field"] for each in answer.json()["errors"]] == ["stage"]
    assert "secretly" not in answer.text


def test_a_hashed_address_is_a_name_of_its_customer(http: httpx.Client, client: redis.Redis) -> None:
    hashed = "ab" * 32
    tells = {"type": "identify", "customer_id": "ann", "properties": {"email_sha256": hashed.upper()}}
    assert http.post("/v1/events", json=tells).json()["accepted"] == 1
    assert client.hget(keys.people(), hashed) == b"ann"
    kept = str(client.xrange(keys.event_stream()))
    assert hashed not in kept.lower()


def test_a_catalogue_without_whole_links_is_no_empty_feed(http: httpx.Client, served_home: Home) -> None:
    answer = http.get("/v1/feeds/meta.csv")  # of a model without any link
    assert answer.status_code == 503
    assert "PERENNIAL_SHOP_URL" in answer.json()["detail"]


def test_a_feed_of_a_market_has_its_titles_and_prices(fetched: httpx.Client, served_home: Home) -> None:
    told = {"translations": {"de": {"title": "Tee", "url": "/de/tee"}}, "prices": {"CH": {"price": 6}}}
    with fetched:
        secret = {"Authorization": "Bearer sk_demo"}
        body = {"products": [{"product_id": "tea", **told}]}
        fetched.put("/v1/catalogue", json=body, headers=secret)
        own = address(served_home, "merchant.tsv")
        texts = {fetched.get(own).headers["etag"]}
        answer = fetched.get(f"{own}&language=de&country=CH")
        assert answer.headers["etag"] not in texts
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(answer.text), delimiter="\t")}
    assert (rows["tea"]["title"], rows["tea"]["price"]) == ("Tee", "6.00 EUR")
    assert rows["tea"]["link"] == "https://shop.example/de/tee"
    assert rows["kettle"]["price"] == "30.00 EUR"
