"""Addresses and numbers are one name however they are written, and no name can be tried without the key."""

from hashlib import sha256

import pytest

from features.home import Home
from features.people.names import (
    DIGEST,
    KEY_FILE,
    PeopleKey,
    former_name,
    is_digest,
    normalised_phone,
    people_key,
    shown,
)

KEY = PeopleKey(b"k" * 32)
ADDRESS = "anna@example.com"


@pytest.mark.parametrize(
    "spelling",
    ["Anna@Example.com ", "mailto:anna@example.com", "Anna A. <anna@example.com>", "'anna@example.com'"],
)
def test_an_address_is_one_name(spelling: str) -> None:
    assert KEY.email(spelling) == KEY.email(ADDRESS)
    assert DIGEST.fullmatch(KEY.email(ADDRESS) or "")


@pytest.mark.parametrize("text", [None, "", "anna", "undefined@undefined", "null", "@", "a@"])
def test_no_address(text: str | None) -> None:
    assert KEY.email(text) is None


@pytest.mark.parametrize(
    "spelling",
    [
        "+49 170 1234567",
        "0049 170 1234567",
        "+49 (0)170 / 123-45.67",
        "'+491701234567",
        "004901701234567"[:4] + "1701234567",
    ],
)
def test_a_number_is_one_number(spelling: str) -> None:
    assert normalised_phone(spelling) == "+491701234567"


def test_a_national_number_needs_its_country() -> None:
    assert normalised_phone("0170 1234567", "DE") == "+491701234567"
    assert normalised_phone("0170 1234567") == "01701234567"
    assert normalised_phone("0170 1234567", "AT") == "+431701234567"


@pytest.mark.parametrize("text", [None, "", "12345", "0000000", "n/a", "1" * 16])
def test_no_number(text: str | None) -> None:
    assert normalised_phone(text) is None


def test_another_home_names_them_otherwise(home: Home, tmp_path: object) -> None:
    key = people_key(home)
    assert (home.root / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert people_key(home) == key
    assert key.email(ADDRESS) != KEY.email(ADDRESS)
    assert sha256(ADDRESS.encode()).hexdigest()[:24] not in str(key.email(ADDRESS))


def test_names_in_a_text() -> None:
    assert KEY.names_in(f"2,bad,{ADDRESS},+49 170 1234567") == {
        KEY.email(ADDRESS),
        KEY.phone("+491701234567"),
    }


def test_people_see_a_beginning() -> None:
    name = str(KEY.email(ADDRESS))
    assert shown(name) == f"{name[:10]}…"
    assert shown(str(former_name(ADDRESS))) == f"c-{sha256(ADDRESS.encode()).hexdigest()[:8]}…"
    assert shown("4711") == "4711"
    assert not is_digest("4711")
