"""Pictures in e-mails, as an e-mail program and a reader's click ask for them.

Covers api/serving/mail_images.py and api/serving/mail_cards.py, too.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import cast

import httpx
import msgspec
import pytest
import redis
from picture_server import HOST, PictureServer, picture_server
from PIL import Image

from api.web.settings import ApiSettings
from features.home import Home
from features.outgoing.mail_blocks import MailBlock, seal
from features.people.names import people_key
from features.store import keys

from serving import NO_CERTIFICATES

SHOP = "https://shop.example"
FAR, NOWHERE = 4_000_000_000, "redis://127.0.0.1:1"
Serve = Callable[[Home, str], AbstractContextManager[str]]


@pytest.fixture(scope="module")
def pictures() -> Iterator[PictureServer]:
    with picture_server() as server:
        yield server


@pytest.fixture
def api_settings() -> ApiSettings:
    return ApiSettings(watch_interval_ms=20, drain_s=1, shop_url=f"{SHOP}/", picture_hosts=(HOST,))


@pytest.fixture
def reader(url: str) -> Iterator[httpx.Client]:
    """An e-mail program: it has no key."""
    with httpx.Client(base_url=url, timeout=10.0, verify=NO_CERTIFICATES) as client:
        yield client


def token(home: Home, customer: str = "ann", until_s: int = FAR) -> str:
    return seal(people_key(home), MailBlock(customer, "newsletter", "", until_s, slots=3))


def opened(client: redis.Redis, customer: str = "ann") -> list[tuple[str, list[str]]]:
    """(recommendation id, product ids) of the openings that are kept."""
    kept = cast(dict[bytes, bytes], client.hgetall(keys.mail_openings(customer)))
    packed = [each.partition(b" ")[2] for each in kept.values()]
    return [msgspec.json.decode(each, type=tuple[str, list[str]]) for each in packed]


def size(answer: httpx.Response) -> tuple[int, int]:
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png"), answer.text
    return Image.open(io.BytesIO(answer.content)).size


def with_addresses(http: httpx.Client, **fields: object) -> None:
    """Give every product an address in the shop, and other fields."""
    names = ("kettle", "mug", "tea", "pot", "spoon", "tin", "cup")
    products = [{"product_id": name, "url": f"/p/{name}?ü=1", **fields} for name in names]
    assert http.put("/v1/catalogue", json={"products": products}).json()["accepted"] == len(names)


def events(client: redis.Redis) -> list[dict[str, object]]:
    """The clicks that were taken."""
    entries = cast(list[tuple[bytes, dict[bytes, bytes]]], client.xrange(keys.event_stream()))
    values = [value for _, fields in entries for value in fields.values()]
    return [msgspec.json.decode(value) for value in values if b'"click"' in value]


def test_pictures_and_clicks_of_one_opening_agree(
    http: httpx.Client, reader: httpx.Client, served_home: Home, client: redis.Redis
) -> None:
    with_addresses(http)
    mail = token(served_home)
    first = reader.get(f"/e/{mail}/1.png")
    assert size(first) == (528, 704)
    assert "no-store" in first.headers["cache-control"]
    assert "max-age=0" in first.headers["cache-control"]
    for slot in (2, 3):
        size(reader.get(f"/e/{mail}/{slot}.png"))
    [(recommendation_id, products)] = opened(client)
    for slot, product in enumerate(products[:3], 1):
        answer = reader.get(f"/e/{mail}/{slot}/go")
        assert (answer.status_code, answer.headers["location"]) == (302, f"{SHOP}/p/{product}?%C3%BC=1")
    reader.get(f"/e/{mail}/1/go")  # a program that looks where links lead clicks, too: it counts once
    clicks = events(client)
    assert [each["product_id"] for each in clicks] == products[:3]
    assert {each["recommendation_id"] for each in clicks} == {recommendation_id}
    assert {each["customer_id"] for each in clicks} == {"ann"}
    assert len(opened(client)) == 1


def test_another_sending_shows_other_products_and_keeps_the_first(
    reader: httpx.Client, served_home: Home, client: redis.Redis
) -> None:
    mail = token(served_home)
    for send in ("may", "june", "may"):
        size(reader.get(f"/e/{mail}/1.png", params={"send": send}))
    (_, may), (_, june) = opened(client)
    assert (len(may), len(june), set(may) & set(june[:2])) == (3, 3, set())


@pytest.mark.parametrize(("query", "wanted"), [("scale=1", (264, 352)), ("scale=9&theme=pink", (528, 704))])
def test_size_and_theme_are_asked_for(
    reader: httpx.Client, served_home: Home, query: str, wanted: tuple[int, int]
) -> None:
    assert size(reader.get(f"/e/{token(served_home)}/1.png?{query}")) == wanted


def test_the_dark_card_is_dark(reader: httpx.Client, served_home: Home) -> None:
    mail = token(served_home)
    light, dark = (
        Image.open(io.BytesIO(reader.get(f"/e/{mail}/1.png?theme={theme}").content))
        .convert("RGBA")
        .convert("L")
        for theme in ("light", "dark")
    )
    assert light.getpixel((264, 10)) > 200  # type: ignore[operator]
    assert dark.getpixel((264, 10)) < 60  # type: ignore[operator]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "none",
        "*%7CPERENNIAL%7C*",
        "%7B%7B%20contact.X%20%7D%7D",
        "é",
        "a%2Fb",
        "//x",
        "%00",
        "a" * 20_000,
    ],
)
def test_whom_nobody_knows_sees_best_sellers_and_a_click_leads_there(
    http: httpx.Client, reader: httpx.Client, client: redis.Redis, address: str
) -> None:
    with_addresses(http)
    same = [reader.get(f"/e/{address}/1.png") for _ in range(2)]
    assert size(same[0]) == (528, 704)
    assert same[0].content == same[1].content
    assert reader.get(f"/e/{address}/1/go").headers["location"].startswith(f"{SHOP}/p/")
    assert events(client) == []


def test_an_expired_token_and_unknown_or_refusing_customers_see_the_same_best_sellers(
    http: httpx.Client, reader: httpx.Client, served_home: Home, client: redis.Redis
) -> None:
    refuses = {"type": "consent", "customer_id": "bob", "properties": {"profiling": False}}
    assert http.post("/v1/events", json=refuses).json()["accepted"] == 1
    best = reader.get("/e/none/1.png").content
    assert reader.get(f"/e/{token(served_home, until_s=1)}/1.png").content == best
    assert reader.get(f"/e/{token(served_home, 'bob')}/1.png").content == best
    assert size(reader.get(f"/e/{token(served_home, 'stranger')}/1.png")) == (528, 704)
    assert (opened(client), opened(client, "bob")) == ([], [])


@pytest.mark.parametrize("slot", ["0", "4", "999999999999", "x", "-1", "1.5"])
def test_a_slot_that_there_is_not_shows_nothing_and_leads_to_the_shop(
    reader: httpx.Client, served_home: Home, slot: str
) -> None:
    mail = token(served_home)
    assert size(reader.get(f"/e/{mail}/{slot}.png")) == (1, 1)
    answer = reader.get(f"/e/{mail}/{slot}/go")
    assert (answer.status_code, answer.headers["location"]) == (302, SHOP)


def test_the_products_photograph_is_on_its_card(
    http: httpx.Client, reader: httpx.Client, pictures: PictureServer
) -> None:
    with_addresses(http, image_url=f"{pictures.url}/red.png")
    card = Image.open(io.BytesIO(reader.get("/e/none/1.png").content)).convert("RGBA").convert("RGB")
    red, green, _ = card.getpixel((264, 260))  # type: ignore[misc]
    assert (abs(red - 181) < 12, abs(green - 82) < 12) == (True, True)


def test_without_the_store_or_a_model_there_is_a_picture(
    http: httpx.Client, served_home: Home, serve: Serve, reader: httpx.Client
) -> None:
    mail = token(served_home)
    best = reader.get("/e/none/1.png").content
    with serve(served_home, NOWHERE) as url:
        assert httpx.get(f"{url}/e/{mail}/1.png", verify=NO_CERTIFICATES).content == best
    with serve(Home(served_home.root.with_name("empty")), NOWHERE) as url:
        assert size(httpx.get(f"{url}/e/{mail}/1.png", verify=NO_CERTIFICATES)) == (1, 1)


def test_a_click_leads_nowhere_but_into_the_catalogue(http: httpx.Client, reader: httpx.Client) -> None:
    with_addresses(http)
    answer = reader.get("/e/none/1/go", params={"send": "x", "url": "https://evil.example", "to": "//evil"})
    assert answer.headers["location"].startswith(f"{SHOP}/p/")


def test_tokens_are_made_for_a_secret_key_alone(http: httpx.Client, reader: httpx.Client) -> None:
    body = {"customers": ["ann", "ann@example.org"], "campaign": "win_back", "block": "may"}
    answer = http.post("/v1/mail-images", json=body)
    assert answer.status_code == 200, answer.text
    tokens = answer.json()["tokens"]
    assert list(tokens) == body["customers"]
    assert "example" not in str([*tokens.values()])
    assert size(reader.get(f"/e/{tokens['ann']}/1.png")) == (528, 704)
    assert (
        reader.post("/v1/mail-images", json=body, headers={"Authorization": "Bearer pk_demo"}).status_code
        == 403
    )
    assert http.post("/v1/mail-images", json={"customers": []}).status_code == 422


def test_a_token_with_one_letter_changed_is_nobodys(
    reader: httpx.Client, served_home: Home, client: redis.Redis
) -> None:
    mail, best = token(served_home), reader.get("/e/none/1.png").content
    for place in range(0, len(mail), 9):
        forged = mail[:place] + ("A" if mail[place] != "A" else "B") + mail[place + 1 :]
        assert reader.get(f"/e/{forged}/1.png").content == best
    assert opened(client) == []
