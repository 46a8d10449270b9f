"""Browsers on the shop's pages read answers of the shortcut and of the long way alike."""

import httpx
import pytest

from api.web.settings import ApiSettings

SHOP, OTHER = "https://shop.example", "https://other.example"
SHORT = ("/v1/recommendations?placement=trending", "/v1/recommendations?placement=nowhere")
LONG = "/readyz"
OF_ORIGINS = ("access-control-", "vary")


@pytest.fixture(params=[(), (SHOP, "https://www.shop.example"), ("*",)], ids=["none", "listed", "any"])
def origins(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return tuple(request.param)


@pytest.fixture
def api_settings(origins: tuple[str, ...]) -> ApiSettings:
    return ApiSettings(watch_interval_ms=20, cors_origins=origins)


def headers_of(url: str, path: str, origin: str | None) -> dict[str, str]:
    """Headers that are about origins."""
    answer = httpx.get(url + path, headers={"Origin": origin} if origin else {})
    return {name: value for name, value in answer.headers.items() if name.startswith(OF_ORIGINS)}


def test_an_origin_gets_the_headers_of_the_middleware(url: str, origins: tuple[str, ...]) -> None:
    for origin in (SHOP, OTHER, f"{SHOP}.evil.example", SHOP.upper(), "null", None):
        long = headers_of(url, LONG, origin)
        assert "access-control-allow-credentials" not in long
        for path in SHORT:
            assert headers_of(url, path, origin) == long, (path, origin)


def test_only_listed_origins_are_echoed_and_caches_vary_by_origin(url: str, origins: tuple[str, ...]) -> None:
    allowed = {origin: headers_of(url, SHORT[0], origin) for origin in (SHOP, OTHER)}
    expected = {"https://shop.example": SHOP} if SHOP in origins else dict.fromkeys((SHOP, OTHER), "*")
    for origin, headers in allowed.items():
        if not origins:
            assert headers == {}
            continue
        assert headers.get("access-control-allow-origin") == expected.get(origin)
        assert headers["vary"] == "Origin"


def test_a_beacon_of_the_shop_is_taken(url: str, origins: tuple[str, ...]) -> None:
    event = {"type": "view", "product_id": "tea", "anonymous_id": "a"}
    answer = httpx.post(f"{url}/v1/events?key=pk_demo", json=event, headers={"Origin": SHOP})
    assert answer.status_code == 202
    assert ("access-control-allow-origin" in answer.headers) == bool(origins)


def test_a_preflight_of_a_short_route_is_answered(url: str, origins: tuple[str, ...]) -> None:
    asks = {"Origin": SHOP, "Access-Control-Request-Method": "POST"}
    answer = httpx.options(f"{url}/v1/recommendations", headers=asks)
    assert answer.is_success == bool(origins)
    allowed = SHOP if SHOP in origins else "*"
    assert answer.headers.get("access-control-allow-origin") == (allowed if origins else None)
