"""A card is a picture: its size, its colours and its text are looked at as pixels."""

import io

import numpy as np
import pytest
from picture_server import png
from PIL import Image

from api.serving.product_card import HEIGHT, MARGIN, TILE, TITLE_TOP, WIDTH, Card, Theme, draw, empty

RED = (181, 82, 59)


def pixels(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    assert image.format == "PNG"
    return image.convert("RGBA")


def ink(image: Image.Image, box: tuple[int, int, int, int]) -> int:
    """Pixels that are not like the box's first one."""
    part = np.asarray(image.crop(box).convert("L")).astype(int)
    return int((abs(part - part[0, 0]) > 40).sum())


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize(("theme", "background"), [("light", 255), ("dark", 34)])
def test_a_card_has_its_size_its_background_and_clear_corners(
    scale: int, theme: Theme, background: int
) -> None:
    image = pixels(draw(Card("Tea", "5.00 €", png(), theme, scale)))
    assert image.size == (WIDTH * scale, HEIGHT * scale)
    assert image.getpixel((0, 0))[3] < 20  # type: ignore[index]
    red, _, _, alpha = image.getpixel((WIDTH * scale // 2, 6 * scale))  # type: ignore[misc]
    assert abs(red - background) < 8
    assert alpha == 255


def test_the_photograph_is_whole_in_the_middle() -> None:
    image = pixels(draw(Card("Tea", "5.00 €", png(size=(300, 150)), scale=1)))
    middle = MARGIN + TILE // 2
    for x in (MARGIN + 4, middle, MARGIN + TILE - 5):
        assert np.abs(np.subtract(image.getpixel((x, middle))[:3], RED)).max() < 12  # type: ignore[index]
    above = image.getpixel((middle, MARGIN + 10))
    assert min(above[:3]) > 240  # type: ignore[index]


@pytest.mark.parametrize("title", ["Grüße ẞ", "Ελληνικά", "Чайник", "Żółć", "Đà Nẵng"])
def test_titles_in_latin_greek_and_cyrillic_are_drawn(title: str) -> None:
    box = (MARGIN, TITLE_TOP, MARGIN + TILE, TITLE_TOP + 22)
    drawn = pixels(draw(Card(title, "", b"", scale=1)))
    boxes = pixels(draw(Card("\U000f0000" * len(title), "", b"", scale=1)))  # what no font has
    assert ink(drawn, box) > 60
    assert drawn.crop(box).tobytes() != boxes.crop(box).tobytes()


def test_a_long_title_stays_on_the_card_and_above_the_price() -> None:
    long = pixels(draw(Card("Donaudampfschifffahrtsgesellschaftskapitän " * 9, "5.00 €", b"", scale=1)))
    assert ink(long, (WIDTH - MARGIN + 1, TITLE_TOP, WIDTH - 2, HEIGHT - 30)) == 0
    assert ink(long, (MARGIN, TITLE_TOP + 44, WIDTH - MARGIN, TITLE_TOP + 48)) == 0
    assert ink(long, (MARGIN, HEIGHT - 40, WIDTH - MARGIN, HEIGHT - 8)) > 60


def test_without_a_photograph_the_tile_has_the_first_letter() -> None:
    box = (MARGIN + 20, MARGIN + 20, MARGIN + TILE - 20, MARGIN + TILE - 20)
    for theme in ("light", "dark"):
        assert ink(pixels(draw(Card("Tea", "5.00 €", b"", theme, 1))), box) > 300
    assert ink(pixels(draw(Card("!?", "5.00 €", b"", scale=1))), box) == 0


def test_nothing_is_one_clear_pixel() -> None:
    image = pixels(empty())
    assert (image.size, image.getpixel((0, 0))) == ((1, 1), (0, 0, 0, 0))
