"""Product pictures are fetched once, made small, and a bad one is no picture."""

import io
from collections.abc import Iterator

import pytest
from picture_server import HOST, PictureServer, picture_server
from PIL import Image

from api.serving import product_pictures
from api.serving.product_pictures import SIDE, ProductPictures


@pytest.fixture
def server() -> Iterator[PictureServer]:
    with picture_server() as server:
        yield server


async def test_a_picture_is_fetched_once(server: PictureServer) -> None:
    pictures = ProductPictures([HOST])
    first, again = await pictures.of(f"{server.url}/red.png"), await pictures.of(f"{server.url}/red.png")
    await pictures.close()
    image = Image.open(io.BytesIO(first))
    assert (image.format, image.size, first == again) == ("WEBP", (300, 200), True)
    assert max(image.size) <= SIDE
    assert server.asked == ["/red.png"]


@pytest.mark.parametrize("path", ["/missing", "/text.png", "/away?http://10.0.0.1/"])
async def test_a_bad_one_is_none_and_not_asked_again(server: PictureServer, path: str) -> None:
    pictures = ProductPictures([HOST])
    assert [await pictures.of(server.url + path) for _ in range(2)] == [b"", b""]
    await pictures.close()
    assert len(server.asked) == 1


async def test_none_is_asked_in_the_shops_network_or_nowhere(server: PictureServer) -> None:
    pictures = ProductPictures()
    assert [await pictures.of(url) for url in (f"{server.url}/red.png", None, "")] == [b"", b"", b""]
    await pictures.close()
    assert server.asked == []


async def test_what_is_kept_has_a_limit(server: PictureServer, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = ProductPictures([HOST])
    one = len(await pictures.of(f"{server.url}/red.png?0"))
    monkeypatch.setattr(product_pictures, "KEPT_BYTES", 3 * (one + 60))
    for number in (1, 2, 3, 4, 0):
        await pictures.of(f"{server.url}/red.png?{number}")
    await pictures.close()
    assert server.asked.count("/red.png?0") == 2
