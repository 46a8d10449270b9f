"""Large answers are compressed for those who ask for it, on the shortcut that widgets take."""

import httpx
import pytest
from fastapi import APIRouter, Request, Response

from api.web.encodings import takes_gzip
from api.web.fast_routes import ShortcutFastAPI
from api.web.origins import Origins
from api.web.replies import JsonReply

LARGE = b'"%b"' % (b"recommended " * 2_000)
SMALL = b'"recommended"'


async def asked(path: str, accepted: str) -> httpx.Response:
    router = APIRouter()

    @router.get("/large")
    async def large(request: Request) -> Response:
        return JsonReply(LARGE)

    @router.get("/small")
    async def small(request: Request) -> Response:
        return JsonReply(SMALL)

    app = ShortcutFastAPI()
    app.shorten([router], Origins(["https://shop.example"]))
    headers = {"Accept-Encoding": accepted, "Origin": "https://shop.example"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        return await http.get(path, headers=headers)


async def test_a_large_answer_is_compressed_and_stays_what_it_was() -> None:
    answer = await asked("/large", "gzip, deflate, br, zstd")
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < len(LARGE) / 4
    assert answer.content == LARGE
    assert answer.headers.get_list("vary", split_commas=True) == ["Accept-Encoding", "Origin"]
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"


@pytest.mark.parametrize(("path", "accepted"), [("/small", "gzip"), ("/large", "br"), ("/large", "gzip;q=0")])
async def test_others_are_not(path: str, accepted: str) -> None:
    answer = await asked(path, accepted)
    assert "content-encoding" not in answer.headers
    assert len(answer.content) == int(answer.headers["content-length"])


@pytest.mark.parametrize(
    ("accepted", "taken"),
    [
        ("", False),
        ("identity", False),
        ("gzip", True),
        ("br;q=1, gzip;q=0.2", True),
        ("gzip; q=0, br", False),
    ],
)
def test_what_a_browser_accepts(accepted: str, taken: bool) -> None:
    assert takes_gzip(accepted) is taken
