"""Signing in: by key or password, for as long as either is good, and from the console's own pages alone."""

import time
from datetime import UTC, datetime

import httpx
import pytest
import redis

from api.console.router import START
from features.home import Home
from features.merchant.api_keys import create_key, revoke_key
from features.merchant.users import Role, UsersUnavailable, add_user, matches, read_users, remove_user

from waiting import eventually

PASSWORD = "correct horse battery"  # noqa: S105
NOW = datetime(2026, 11, 30, tzinfo=UTC)
SIGN_IN = "/console/sign-in"
PAGE = "/console/merchandising"


def signs_in(visitor: httpx.Client, **form: str) -> bool:
    return visitor.post(SIGN_IN, data=form).status_code == 303


def is_signed_in(visitor: httpx.Client) -> bool:
    return "sign-in" not in visitor.get(PAGE).headers.get("location", "")


def test_without_a_session_each_page_leads_to_the_sign_in_and_back(visitor: httpx.Client) -> None:
    led = visitor.get(PAGE)
    assert (led.status_code, led.headers["location"]) == (303, f"{SIGN_IN}?next={PAGE}")
    assert visitor.get(PAGE, headers={"HX-Request": "true"}).headers["hx-redirect"] == SIGN_IN
    signed_in = visitor.post(SIGN_IN, data={"secret": "sk_demo", "next": PAGE})
    assert signed_in.headers["location"] == PAGE


@pytest.mark.parametrize("onward", ["https://evil.example/", "//evil.example", "/console/\\evil", ""])
def test_it_never_leads_to_another_site(visitor: httpx.Client, onward: str) -> None:
    signed_in = visitor.post(SIGN_IN, data={"secret": "sk_demo", "next": onward})
    assert signed_in.headers["location"] == START


def test_the_cookie_is_for_the_console_alone(visitor: httpx.Client) -> None:
    cookie = visitor.post(SIGN_IN, data={"secret": "sk_demo"}).headers["set-cookie"].lower()
    assert {"httponly", "samesite=strict", "path=/console"} <= {part.strip() for part in cookie.split(";")}
    assert "sk_demo" not in cookie


@pytest.mark.parametrize("secret", ["pk_demo", "sk_wrong", "", "sk_" + "x" * 300, PASSWORD])
def test_what_opens_nothing_signs_nobody_in(visitor: httpx.Client, secret: str) -> None:
    answer = visitor.post(SIGN_IN, data={"name": "anna", "secret": secret})
    assert answer.status_code == 401
    assert "do not fit" in answer.text
    assert not is_signed_in(visitor)


def test_a_user_signs_in_until_they_are_removed(visitor: httpx.Client, served_home: Home) -> None:
    add_user(served_home, "anna", "owner", PASSWORD, NOW)
    assert not signs_in(visitor, name="anna", secret=PASSWORD + "r")
    assert signs_in(visitor, name=" anna ", secret=PASSWORD)
    assert is_signed_in(visitor)
    remove_user(served_home, "anna")
    assert not is_signed_in(visitor)


@pytest.mark.parametrize(("role", "password"), [("viewer", PASSWORD), ("owner", "another password")])
def test_another_role_or_password_ends_a_users_sessions(
    visitor: httpx.Client, served_home: Home, role: Role, password: str
) -> None:
    add_user(served_home, "anna", "owner", PASSWORD, NOW)
    assert signs_in(visitor, name="anna", secret=PASSWORD)
    add_user(served_home, "anna", role, password, NOW)
    assert not is_signed_in(visitor)


def test_a_revoked_key_ends_its_sessions(
    visitor: httpx.Client, served_home: Home, client: redis.Redis
) -> None:
    key = create_key(served_home, client, "secret", "console", NOW)
    eventually(lambda: signs_in(visitor, secret=key))
    assert is_signed_in(visitor)
    revoke_key(served_home, client, key)
    eventually(lambda: not is_signed_in(visitor))


def test_a_session_that_somebody_wrote_themselves_is_none(console: httpx.Client) -> None:
    assert is_signed_in(console)
    (cookie,) = console.cookies.jar
    assert cookie.value
    console.cookies.set(cookie.name, cookie.value[:-1] + "A", domain=cookie.domain, path=cookie.path)
    console.cookies.set(cookie.name, "AAAA.BBBB.CCCC", domain=cookie.domain, path=cookie.path)
    assert not is_signed_in(console)


def test_signing_out_forgets_the_session(console: httpx.Client) -> None:
    console.post("/console/sign-out")
    assert not is_signed_in(console)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
    ],
)
def test_another_sites_page_changes_nothing(console: httpx.Client, headers: dict[str, str]) -> None:
    assert console.post("/console/sign-out", headers=headers).status_code == 403
    assert is_signed_in(console)


def test_passwords_cannot_be_tried_as_fast_as_one_can(visitor: httpx.Client) -> None:
    answers = [visitor.post(SIGN_IN, data={"secret": "sk_guess"}) for _ in range(8)]
    assert [answer.status_code for answer in answers][-1] == 429
    assert "Too much" in answers[-1].text


def test_damaged_users_let_nobody_in_and_say_what_to_do(visitor: httpx.Client, served_home: Home) -> None:
    (served_home.root / "users.json").write_text("{")
    answer = visitor.post(SIGN_IN, data={"secret": "sk_demo"})
    assert answer.status_code == 503
    assert "put a copy back" in answer.text
    visitor.cookies.set("perennial_console", "x", path="/console")
    assert visitor.get(PAGE).status_code == 503


@pytest.mark.parametrize("path", [SIGN_IN, "/console/language"])
def test_strangers_cannot_fill_memory_or_disk_with_a_form(visitor: httpx.Client, path: str) -> None:
    assert visitor.post(path, data={"next": "x" * 100_000}).status_code == 413
    assert visitor.post(path, files={"next": b"x" * 100_000}).status_code == 413


def test_a_name_that_is_not_known_takes_as_long_as_one_that_is(home: Home) -> None:
    add_user(home, "anna", "owner", PASSWORD, NOW)
    anna = read_users(home).users["anna"]
    assert not matches(None, "wrong")
    spent: dict[str, list[float]] = {"known": [], "unknown": []}
    for name, user in [("known", anna), ("unknown", None)] * 3:
        began = time.process_time()
        assert not matches(user, "wrong")
        spent[name].append(time.process_time() - began)
    assert min(spent["unknown"]) < 1.5 * min(spent["known"])


@pytest.mark.parametrize("password", ["sk_looks like a key", "  blanks around it  "])
def test_any_password_that_is_taken_signs_in(visitor: httpx.Client, served_home: Home, password: str) -> None:
    add_user(served_home, "anna", "owner", password, NOW)
    assert signs_in(visitor, name="anna", secret=password)


@pytest.mark.parametrize("path", [SIGN_IN, "/console/sign-out", "/console/language"])
def test_an_answer_with_a_cookie_is_kept_by_nobody(visitor: httpx.Client, path: str) -> None:
    answer = visitor.post(path, data={"secret": "sk_demo", "language": "de"})
    assert "set-cookie" in answer.headers
    assert answer.headers["cache-control"] == "private, no-store"


def test_nobody_has_a_name_by_which_they_cannot_be_removed(home: Home) -> None:
    with pytest.raises(UsersUnavailable, match="no slash"):
        add_user(home, "anna/../ben", "owner", PASSWORD, NOW)
