"""What lies at an address of the web is fetched; what lies in the shop's own network is not."""

from collections.abc import Iterator
from ipaddress import ip_address

import pytest
from picture_server import HOST, PictureServer, picture_server, png

from features.public_fetch import Limits, NotFetched, fetch, is_public

INSIDE = Limits(2.0, 100_000, hosts=(HOST,))


@pytest.fixture(scope="module")
def server() -> Iterator[PictureServer]:
    with picture_server() as server:
        yield server


def test_what_lies_there_comes_with_its_type(server: PictureServer) -> None:
    assert fetch(f"{server.url}/red.png", INSIDE)[:2] == (png(), "image/png")
    assert fetch(f"{server.url}/away?/red.png", INSIDE).content == png()


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/missing", "404"),
        ("/large", "longer than 100,000 bytes"),
        ("/away?/away?/away?/away?/red.png", "redirects"),
        ("/away?http://localhost/red.png", "no public address"),
        ("/away?file:///etc/passwd", "only addresses that begin"),
    ],
)
def test_what_cannot_be_had_says_why(server: PictureServer, path: str, why: str) -> None:
    with pytest.raises(NotFetched, match=why):
        fetch(server.url + path, INSIDE)


def test_a_server_that_drips_is_cut_off(server: PictureServer) -> None:
    with pytest.raises(NotFetched):
        fetch(f"{server.url}/slow", Limits(0.3, 1_000, hosts=(HOST,)))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.0.0.1:6379/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://0.0.0.0/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "https://192.168.1.1/",
        "http://2130706433/",
        "http://localhost/",
        "ftp://example.org/",
        "//example.org/a.png",
        "http://",
        "http://[/",
        "http://127.0.0.1:port/",
    ],
)
def test_nothing_inside_is_asked(url: str) -> None:
    with pytest.raises(NotFetched):
        fetch(url, Limits(1.0, 1_000))


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("64:ff9b::a00:1", False),  # NAT64 of 10.0.0.1
        ("64:ff9b::808:808", True),
        ("2002:a00:1::", False),  # 6to4 of 10.0.0.1
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("fe80::1", False),
        ("fd00::1", False),
    ],
)
def test_an_inner_address_is_known_in_all_its_forms(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public
